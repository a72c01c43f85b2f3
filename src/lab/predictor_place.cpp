#include "lab/predictor_place.h"

#include "core/error.h"
#include "core/processor.h"

namespace vitlab::lab {

std::string device_words(const std::string& device, Engines& engines) {
  if (device == "cpu") return core::processor_name();
  const messages::CudaFound cuda = engines.answer(messages::DoctorRequest{}).cuda;
  if (!cuda.available) throw core::CapabilityError(cuda.reason.value_or(""));
  return cuda.device.value_or("");
}

void check_is_here(const predict::TimePredictor& predictor, const std::string& path,
                   Engines& engines) {
  const std::string& trained_on = predictor.setting.device;
  const std::string here = core::processor_name();
  if (trained_on == here) return;
  std::string cuda;
  try {
    cuda = device_words("cuda", engines);
  } catch (const core::CapabilityError&) {
    cuda.clear();
  }
  if (trained_on == cuda) return;
  throw core::UserError(path + " was trained on '" + trained_on + "', this machine has '" + here +
                        "'" + (cuda.empty() ? "" : " and '" + cuda + "'") +
                        ": run vitlab calibrate here, or ask for the other machine's times with "
                        "--elsewhere");
}

void check_threads(const predict::TimePredictor& predictor, const std::string& path,
                   std::int64_t threads) {
  if (predictor.setting.threads == threads) return;
  throw core::UserError(path + " was trained for " + std::to_string(predictor.setting.threads) +
                        " thread(s), not " + std::to_string(threads) +
                        ": run vitlab calibrate with a protocol of that many");
}

}  // namespace vitlab::lab
