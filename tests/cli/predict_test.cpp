#include "core/processor.h"
#include "predict/predictor_file.h"
#include "temporary_folder.h"
#include "test.hpp"
#include "vitlab_program.h"

namespace vitlab::cli {
namespace {

/// Writes a predictor of this machine that knows nothing but rates.
void write_rates(const std::filesystem::path& path) {
  predict::TimePredictor predictor;
  predictor.setting.device = core::processor_name();
  predictor.other.rates = {1e-6, 1e-10, 1e-10, 1e-10, 0};
  predictor.errors.log_ratios = {-0.1, 0, 0.1};
  predictor.models = 3;
  predict::write_predictor(predictor, path);
}

TEST_CASE("predict says a time within its interval for each model, as text and as JSON") {
  const TemporaryFolder folder;
  write_rates(folder / "predictor.json");
  const std::vector<std::string> words{"predict", "efficientvit_m0", "deit_tiny", "--predictor",
                                       "predictor.json"};
  const core::Json document = document_of(words, folder.path());
  REQUIRE(document.at("models").size() == 2);
  for (const core::Json& model : document.at("models")) {
    const core::Json& latency = model.at("latency_ms");
    CHECK(latency.at("low") < latency.at("value"));
    CHECK(latency.at("value") < latency.at("high"));
  }
  const Ran ran = vitlab(words, folder.path());
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, Catch::Contains("efficientvit_m0") && Catch::Contains("deit_tiny"));
}

}  // namespace
}  // namespace vitlab::cli
