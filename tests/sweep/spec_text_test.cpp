#include "sweep/spec_text.h"

#include "random_spec.h"
#include "spec/presets.h"
#include "test.hpp"

namespace vitlab {
namespace {

TEST_CASE("the text of a spec is its canonical JSON, for every kind of layer and preset",
          "[sweep]") {
  SpecText texts;
  RandomSpecs specs(5);
  for (const std::string_view kind :
       {DepthwiseLayer::kName, FfnLayer::kName, FullAttention::kName, WindowAttention::kName,
        GroupedAttention::kName, CascadedAttention::kName, SubsampleLayer::kName,
        TokenAttention::kName, TokenFfn::kName})
    for (int i = 0; i < 20; ++i) {
      const ModelSpec spec = specs.with_kind(kind);
      CHECK(texts.write(spec) == canonical_json(spec_json(spec)));
    }
  for (const std::string& name : preset_names()) {
    ModelSpec spec = resolve_model(name).spec;
    CHECK(texts.write(spec) == canonical_json(spec_json(spec)));
    spec.image = {1, 32, 48};
    CHECK(texts.write(spec) == canonical_json(spec_json(spec)));
  }
}

}  // namespace
}  // namespace vitlab
