#include "sweep/spec_text.h"

#include "architecture/presets.h"
#include "random_spec.h"
#include "test.hpp"

namespace vitlab::sweep {
namespace {

TEST_CASE("the text of a spec is its canonical JSON, for every kind of layer and preset",
          "[sweep]") {
  SpecText texts;
  RandomSpecs specs(5);
  for (const std::string_view kind :
       {layers::DepthwiseLayer::kName, layers::FfnLayer::kName, layers::FullAttention::kName,
        layers::WindowAttention::kName, layers::GroupedAttention::kName,
        layers::CascadedAttention::kName, layers::SubsampleLayer::kName,
        layers::TokenAttention::kName, layers::TokenFfn::kName})
    for (int i = 0; i < 20; ++i) {
      const architecture::ModelSpec spec = specs.with_kind(kind);
      CHECK(texts.write(spec) == core::canonical_json(architecture::spec_json(spec)));
    }
  for (const std::string& name : architecture::preset_names()) {
    architecture::ModelSpec spec = architecture::resolve_model(name).spec;
    CHECK(texts.write(spec) == core::canonical_json(architecture::spec_json(spec)));
    spec.image = {1, 32, 48};
    CHECK(texts.write(spec) == core::canonical_json(architecture::spec_json(spec)));
  }
}

}  // namespace
}  // namespace vitlab::sweep
