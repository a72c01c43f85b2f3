#include "interop/torch_checkpoint.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "interop/pickle_reader.h"
#include "interop/strided_tensor.h"
#include "interop/zip_archive.h"

namespace vitlab::interop {

namespace {

constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
constexpr std::array<std::pair<std::string_view, StoredType>, 8> kStorages{
    {{"torch.DoubleStorage", StoredType::kF64},
     {"torch.FloatStorage", StoredType::kF32},
     {"torch.HalfStorage", StoredType::kF16},
     {"torch.BFloat16Storage", StoredType::kBF16},
     {"torch.LongStorage", StoredType::kI64},
     {"torch.IntStorage", StoredType::kI32},
     {"torch.ByteStorage", StoredType::kU8},
     {"torch.BoolStorage", StoredType::kBool}}};
/// Where weights lie, in the order in which timm looks for them; then what others call them.
constexpr std::array<std::string_view, 3> kEmaParts{"state_dict_ema", "model_ema", "ema"};
constexpr std::array<std::string_view, 9> kRawParts{"state_dict",  "model",   "model_state_dict",
                                                    "model_state", "net",     "module",
                                                    "network",     "weights", "params"};
constexpr std::string_view kModulePrefix = "module.";
constexpr const char* kConvert =
    "\nif you trust the file, save its tensors alone, in Python: state = torch.load(FILE, "
    "map_location='cpu', weights_only=False), then torch.save({k: v for k, v in "
    "state['model'].items()}, 'weights.pth')";

const std::vector<PickleName>& allowed_names() {
  static const std::vector<PickleName> names = [] {
    std::vector<PickleName> rows{{"collections.OrderedDict", true},
                                 {kRebuildTensor, true},
                                 {kRebuildParameter, true},
                                 {"torch.Size", true}};
    for (const auto& [name, type] : kStorages) rows.push_back({name, false});
    return rows;
  }();
  return names;
}

class CheckpointParser {
 public:
  CheckpointParser(std::string_view content, const std::string& source, EmaChoice ema)
      : content_(content), source_(source), ema_(ema) {}

  TorchCheckpointView parse() {
    entries_ = parse_zip(content_, source_);
    root_ = root_folder();
    check_archive();
    const ZipEntry& pickle = *find_entry(entries_, root_ + "data.pkl");
    try {
      pickle_ =
          parse_pickle(pickle.bytes, allowed_names(), source_ + ": " + std::string(pickle.name));
    } catch (const core::UserError& error) {
      throw core::UserError(std::string(error.what()) + kConvert);
    }
    TorchCheckpointView view;
    const PickleDict& state = state_dict(view);
    std::uint64_t total = 0;
    for (const auto& [key, value] : state.items)
      if (is_tensor(value)) view.tensors.push_back(tensor(key, value, total, view.copies));
    check_names(view.tensors);
    view.had_module_prefix = strip_module(view.tensors);
    return view;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw core::UserError(source_ + " is not a checkpoint that vitlab reads: " + reason);
  }
  [[noreturn]] void fail(std::string_view name, const std::string& reason) const {
    fail("tensor " + core::quoted_clip(name) + " " + reason);
  }

  /// torch.save puts everything into one folder, named after the file.
  std::string root_folder() const {
    constexpr std::string_view kPickle = "/data.pkl";
    std::string root;
    for (const ZipEntry& entry : entries_) {
      if (!entry.name.ends_with(kPickle) ||
          entry.name.find('/') != entry.name.size() - kPickle.size())
        continue;
      if (!root.empty()) fail("it holds two data.pkl");
      root = entry.name.substr(0, entry.name.size() - kPickle.size() + 1);
    }
    if (root.empty()) fail("it is a zip archive without the data.pkl that torch.save writes");
    return root;
  }

  void check_archive() const {
    for (const ZipEntry& entry : entries_)
      if (entry.name == root_ + "constants.pkl" || entry.name.starts_with(root_ + "code/"))
        fail(
            "it is a TorchScript archive, which holds code; if you trust it, save its tensors in "
            "Python: torch.save(torch.jit.load(FILE).state_dict(), 'weights.pth')");
    const ZipEntry* order = find_entry(entries_, root_ + "byteorder");
    if (order != nullptr && order->bytes != "little")
      fail("its numbers are of the byte order " + core::quoted_clip(order->bytes) +
           "; save it again on a machine of little-endian order");
  }

  template <typename T>
  const T* get(PickleId id) const {
    return pickle_.get<T>(id);
  }

  bool is_tensor(PickleId id) const {
    const auto* call = get<PickleCall>(id);
    return call != nullptr &&
           (call->function == kRebuildTensor || call->function == kRebuildParameter);
  }
  bool holds_tensors(const PickleDict& dict) const {
    return std::any_of(dict.items.begin(), dict.items.end(),
                       [&](const auto& item) { return is_tensor(item.second); });
  }

  /// A dict of tensors by name, and the name of the entry that it was.
  struct Part {
    std::string name;
    const PickleDict* dict = nullptr;
  };

  /// The entry of that name, or the dict of tensors that it wraps once more.
  Part part_named(const PickleDict& root, std::string_view name) const {
    const PickleDict* found = nullptr;
    for (const auto& [key, value] : root.items) {
      const auto* text = get<std::string_view>(key);
      if (text == nullptr || *text != name) continue;
      if (found != nullptr) fail("the entry " + core::quoted_clip(name) + " occurs twice");
      found = get<PickleDict>(value);
    }
    if (found == nullptr) return {};
    if (holds_tensors(*found)) return {std::string(name), found};
    for (const std::string_view inner : kRawParts)
      for (const auto& [key, value] : found->items) {
        const auto* text = get<std::string_view>(key);
        const auto* dict = get<PickleDict>(value);
        if (text != nullptr && *text == inner && dict != nullptr && holds_tensors(*dict))
          return {std::string(name) + "." + std::string(inner), dict};
      }
    return {};
  }

  template <std::size_t N>
  Part first_part(const PickleDict& root, const std::array<std::string_view, N>& names) const {
    for (const std::string_view name : names)
      if (Part part = part_named(root, name); part.dict != nullptr) return part;
    return {};
  }

  const PickleDict& state_dict(TorchCheckpointView& view) const {
    const auto* root = get<PickleDict>(pickle_.root);
    if (root == nullptr) fail(std::string("it holds no dict of tensors by name") + kConvert);
    const Part ema = first_part(*root, kEmaParts), raw = first_part(*root, kRawParts);
    if (ema_ == EmaChoice::kEma && ema.dict == nullptr)
      fail("--ema asks for its EMA, and it has none ('state_dict_ema', 'model_ema')");
    const bool takes_ema = ema.dict != nullptr && (ema_ != EmaChoice::kRaw || raw.dict == nullptr);
    const Part& taken = takes_ema ? ema : raw;
    if (taken.dict != nullptr) {
      view.part = taken.name;
      view.other_part = takes_ema ? raw.name : ema.name;
      view.took_ema = takes_ema;
      return *taken.dict;
    }
    if (!holds_tensors(*root) && !root->items.empty())
      fail(std::string("it holds no tensors by name, neither at its top nor in 'model', "
                       "'state_dict', 'model_ema' or 'state_dict_ema'") +
           kConvert);
    return *root;
  }

  /// A call's arguments, `least` to `most` of them.
  const std::vector<PickleId>& arguments(std::string_view name, const PickleCall& call,
                                         std::size_t least, std::size_t most) const {
    const auto& items = get<PickleTuple>(call.arguments)->items;
    if (items.size() < least || items.size() > most)
      fail(name, "is described by " + std::to_string(items.size()) + " values");
    return items;
  }

  std::int64_t whole(std::string_view name, PickleId id) const {
    const auto* value = get<std::int64_t>(id);
    if (value == nullptr || *value < 0)
      fail(name, "has a size, stride or offset that is not a whole number of at least 0");
    return *value;
  }
  std::vector<std::int64_t> wholes(std::string_view name, PickleId id) const {
    const auto* tuple = get<PickleTuple>(id);
    if (tuple == nullptr) fail(name, "has sizes or strides that are not a tuple");
    if (tuple->items.size() > kMaxTensorRank) fail(name, "has more than 16 dimensions");
    std::vector<std::int64_t> values;
    for (const PickleId item : tuple->items) values.push_back(whole(name, item));
    return values;
  }

  /// ('storage', type, key, device, elements), the device being of no interest.
  std::string_view storage(std::string_view name, PickleId id, StoredType& type) const {
    const auto* persistent = get<PicklePersistent>(id);
    const auto* tuple = persistent == nullptr ? nullptr : get<PickleTuple>(persistent->key);
    if (tuple == nullptr || tuple->items.size() != 5) fail(name, "has no storage");
    const auto* tag = get<std::string_view>(tuple->items[0]);
    const auto* kind = get<PickleGlobal>(tuple->items[1]);
    const auto* key = get<std::string_view>(tuple->items[2]);
    const auto* row =
        kind == nullptr ? kStorages.end()
                        : std::find_if(kStorages.begin(), kStorages.end(),
                                       [&](const auto& each) { return each.first == kind->name; });
    if (tag == nullptr || *tag != "storage" || row == kStorages.end() || key == nullptr)
      fail(name, "has a storage that torch.save does not write");
    type = row->second;
    const ZipEntry* entry = find_entry(entries_, root_ + "data/" + std::string(*key));
    if (entry == nullptr)
      fail(name,
           "has no bytes in the archive (data/" + core::clipped(core::printable(*key), 40) + ")");
    const auto elements = static_cast<std::uint64_t>(whole(name, tuple->items[4]));
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(elements, stored_type_bytes(type), &bytes) ||
        bytes != entry->bytes.size())
      fail(name, "has a storage of " + std::to_string(elements) +
                     " numbers, but the archive holds " + std::to_string(entry->bytes.size()) +
                     " bytes of it");
    return entry->bytes;
  }

  StridedTensor strided(std::string_view name, PickleId id) const {
    const auto* call = get<PickleCall>(id);
    if (call->function == kRebuildParameter) {
      id = arguments(name, *call, 3, 3)[0];
      call = get<PickleCall>(id);
    }
    if (call == nullptr || call->function != kRebuildTensor)
      fail(name, "is a parameter without a tensor");
    // Storage, offset, sizes, strides, requires_grad, hooks; a seventh would change the numbers
    // (conjugate, negative).
    const std::vector<PickleId>& values = arguments(name, *call, 6, 6);
    StridedTensor tensor;
    tensor.storage = storage(name, values[0], tensor.type);
    tensor.offset = whole(name, values[1]);
    tensor.shape = wholes(name, values[2]);
    tensor.strides = wholes(name, values[3]);
    if (tensor.shape.size() != tensor.strides.size())
      fail(name, "has more sizes than strides, or fewer");
    return tensor;
  }

  StoredTensor tensor(PickleId key, PickleId value, std::uint64_t& total,
                      std::deque<std::string>& copies) const {
    const auto* name = get<std::string_view>(key);
    if (name == nullptr) fail("a tensor is not named by a text");
    if (name->size() > kMaxTensorNameBytes) fail(*name, "has a name of more than 1,024 bytes");
    const StridedTensor source = strided(*name, value);
    std::uint64_t bytes = 0;
    if (!source.count_bytes(bytes)) fail(*name, "has more elements than can be counted");
    if (!source.is_within_storage()) fail(*name, "reaches beyond its storage");
    if (__builtin_add_overflow(total, bytes, &total) ||
        total / kMaxCheckpointGrowth > content_.size())
      fail(*name, "repeats numbers: the tensors would take more than 8 times the file");
    StoredTensor result{std::string(*name), source.type, source.shape, {}};
    if (bytes == 0) return result;
    result.bytes = source.is_dense() ? source.dense_bytes(bytes)
                                     : copies.emplace_back(source.dense_copy(bytes));
    return result;
  }

  void check_names(const std::vector<StoredTensor>& tensors) const {
    std::set<std::string_view> names;
    for (const StoredTensor& each : tensors)
      if (!names.insert(each.name).second) fail(each.name, "occurs twice");
    if (tensors.size() > kMaxTensorCount) fail("it has more than 1,000,000 tensors");
  }

  static bool strip_module(std::vector<StoredTensor>& tensors) {
    const auto has_prefix = [](const StoredTensor& each) {
      return each.name.starts_with(kModulePrefix);
    };
    if (tensors.empty() || !std::all_of(tensors.begin(), tensors.end(), has_prefix)) return false;
    for (StoredTensor& each : tensors) each.name.erase(0, kModulePrefix.size());
    return true;
  }

  std::string_view content_;
  const std::string& source_;
  EmaChoice ema_;
  std::vector<ZipEntry> entries_;
  std::string root_;
  Pickle pickle_;
};

}  // namespace

bool is_torch_checkpoint(std::string_view content) {
  // A safetensors file has its header's first '{' at byte 8; no pickle or archive has.
  if (content.size() > 8 && content[8] == '{') return false;
  return is_zip(content) ||
         (content.starts_with('\x80') && content.size() > 1 && content[1] >= 1 && content[1] <= 5);
}

TorchCheckpointView parse_torch_checkpoint(std::string_view content, const std::string& source,
                                           EmaChoice ema) {
  if (!is_zip(content))
    throw core::UserError(
        source +
        " is a pickle in the form before PyTorch 1.6, which vitlab does not read; if "
        "you trust it, save it again in Python: torch.save(torch.load(FILE, "
        "map_location='cpu', weights_only=False), 'weights.pth')");
  return CheckpointParser(content, source, ema).parse();
}

}  // namespace vitlab::interop
