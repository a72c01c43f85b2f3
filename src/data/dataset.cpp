#include "data/dataset.h"

#include "core/error.h"
#include "data/stored_dataset.h"

namespace vitlab::data {

std::unique_ptr<Dataset> open_dataset(const DataSpec& spec, const OpenOptions& options) {
  switch (spec.kind) {
    case DataKind::kDigits:
      return open_digits();
    case DataKind::kSynthetic:
      return open_synthetic(spec);
    case DataKind::kFolder:
      return open_folder(spec, options);
    case DataKind::kCifar10:
    case DataKind::kCifar100:
      return open_cifar(spec);
    case DataKind::kIdx:
      return open_idx(spec);
  }
  core::ensure(false, "every data kind opens");
  return nullptr;
}

}  // namespace vitlab::data
