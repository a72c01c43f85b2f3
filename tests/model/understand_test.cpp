#include "model/understand.h"

#include "architecture/presets.h"
#include "core/error.h"
#include "layers/layer.h"
#include "model/layouts.h"
#include "small_models.h"
#include "test.hpp"

namespace vitlab::model {
namespace {

using interop::WeightLayout;

TensorFile in_layout(const SmallModel& model, WeightLayout layout) {
  TensorFile file;
  file.title = "w.pth";
  for (const interop::NameMapEntry& entry : interop::name_map(model.spec, model.graph(), layout))
    file.tensors.push_back(
        {entry.foreign_name, part_of(model.weights[entry.parameter], entry).clone()});
  return file;
}

UnderstoodWeights understood(const SmallModel& model, TensorFile file,
                             std::optional<WeightLayout> layout = {}) {
  return understand(std::move(file), model.spec, model.graph(), layout, at::kDouble);
}

bool same(const UnderstoodWeights& read, const SmallModel& model) {
  return largest_difference(read.weights.tensors, model.weights.tensors) == 0;
}

const architecture::ModelSpec& efficientvit() {
  static const architecture::ModelSpec spec =
      architecture::resolve_model("efficientvit_m0", {"image_size=64", "classes=5"}).spec;
  return spec;
}

}  // namespace

TEST_CASE("weights of every kind of layer are read behind any prefixes, which are told") {
  for (const std::string& kind : layers::layer_kind_names()) {
    INFO(kind);
    const SmallModel model(RandomSpecs(1).with_kind(kind), 1);
    CHECK(same(understood(model, in_layout(model, WeightLayout::kVitlab)), model));
    CHECK(understood(model, in_layout(model, WeightLayout::kVitlab)).notes.empty());
    for (const char* prefix :
         {"module.", "_orig_mod.", "_orig_mod.module.", "model.", "net.a.b."}) {
      INFO(prefix);
      TensorFile file = in_layout(model, WeightLayout::kVitlab);
      for (NamedTensor& each : file.tensors) each.name.insert(0, prefix);
      file.tensors.push_back({"criterion.weight", at::ones({3}, at::kDouble)});
      const UnderstoodWeights read = understood(model, file);
      CHECK(same(read, model));
      REQUIRE(read.notes.size() == 1);
      CHECK_THAT(read.notes[0], Catch::Contains(prefix) && Catch::Contains("criterion.weight"));
    }
  }
}

TEST_CASE("the layout is found out, and a wrong one is answered by the one that fits") {
  const SmallModel model(efficientvit(), 2);
  for (const WeightLayout layout : {WeightLayout::kTimm, WeightLayout::kOfficial}) {
    const std::string name(interop::layout_name(layout));
    const UnderstoodWeights read = understood(model, in_layout(model, layout));
    CHECK(same(read, model));
    CHECK(read.layout == layout);
    CHECK_THAT(read.notes, Catch::VectorContains("the names are those of layout " + name));
    CHECK(understood(model, in_layout(model, layout), layout).notes.empty());
    for (const WeightLayout wrong :
         {WeightLayout::kVitlab, WeightLayout::kTimm, WeightLayout::kOfficial})
      if (wrong != layout)
        CHECK_THROWS_WITH(understood(model, in_layout(model, layout), wrong),
                          Catch::Contains("layout " + name + " fits this file"));
  }
}

TEST_CASE("timm reads Swins of before 0.9 under its own name, and so does vitlab") {
  const SmallModel model(
      architecture::resolve_model("swin_tiny",
                                  {"classes=3", "widths=[12, 24, 48, 96]", "depths=[2, 2, 2, 2]"})
          .spec,
      3);
  const UnderstoodWeights read =
      understood(model, in_layout(model, WeightLayout::kOfficial), WeightLayout::kTimm);
  CHECK(same(read, model));
  CHECK_THAT(read.notes,
             Catch::VectorContains(std::string("the names are those of timm before 0.9")));
}

TEST_CASE("names are read at image sizes at which no model of that code computes the same") {
  const SmallModel model(efficientvit(), 4);
  const architecture::ModelSpec wide =
      architecture::resolve_model("efficientvit_m0", {"image_size=[320, 448]", "classes=5"}).spec;
  const graph::Graph graph = architecture::build_graph(wide);
  CHECK_THROWS_AS(interop::name_map(wide, graph, WeightLayout::kTimm), interop::LayoutRefusal);
  const UnderstoodWeights read =
      understand(in_layout(model, WeightLayout::kTimm), wide, graph, WeightLayout::kTimm);
  CHECK(read.weights.tensors.size() == graph.parameters.size());
}

TEST_CASE("folded batch norms, a foreign model and damage are told apart in words") {
  const SmallModel model(efficientvit(), 5);
  TensorFile folded;
  folded.title = "fused.pth";
  for (const NamedTensor& each : in_layout(model, WeightLayout::kTimm).tensors) {
    const std::size_t norm = each.name.find(".bn."), inside = each.name.find(".conv.weight");
    if (inside != std::string::npos) {
      folded.tensors.push_back({each.name.substr(0, inside) + ".weight", each.tensor});
      folded.tensors.push_back({each.name.substr(0, inside) + ".bias", each.tensor});
    } else if (norm == std::string::npos) {
      folded.tensors.push_back(each);
    }
  }
  for (const std::optional<WeightLayout> layout :
       {std::optional<WeightLayout>(), std::optional(WeightLayout::kTimm)})
    CHECK_THROWS_WITH(understood(model, folded, layout),
                      Catch::Contains("batch norms folded in") && Catch::Contains("fused.pth"));

  const SmallModel other(architecture::resolve_model("deit_tiny", {"image_size=32"}).spec, 6);
  CHECK_THROWS_WITH(understood(model, in_layout(other, WeightLayout::kTimm)),
                    Catch::Contains("not the weights of this model: "));

  TensorFile damaged = in_layout(model, WeightLayout::kTimm);
  damaged.tensors.pop_back();
  damaged.tensors.front().tensor = at::ones({2, 2}, at::kDouble);
  CHECK_THROWS_WITH(understood(model, damaged),
                    Catch::Contains("missing '") && Catch::Contains("has shape (2, 2)"));
}

}  // namespace vitlab::model
