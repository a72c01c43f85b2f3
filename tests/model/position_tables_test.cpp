#include "model/position_tables.h"

#include "architecture/presets.h"
#include "core/error.h"
#include "model/layouts.h"
#include "small_models.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::model {

namespace {

using Kind = PositionTable::Kind;

/// A table of random values for `grid` that a model with `table` could be given.
at::Tensor values_of(const PositionTable& table, const TableGrid& grid) {
  switch (table.kind) {
    case Kind::kEmbedding:
      return gaussian({1, table.class_tokens + grid.height * grid.width, 3}, 5);
    case Kind::kAbsolute:
      return gaussian({2, grid.height * grid.width}, 6);
    case Kind::kSigned:
      return gaussian({(2 * grid.height - 1) * (2 * grid.width - 1), 2}, 7);
  }
  return {};
}

const PositionTable kTables[] = {{graph::ParameterId(0), Kind::kEmbedding, 6, 9, 0},
                                 {graph::ParameterId(0), Kind::kEmbedding, 4, 3, 2},
                                 {graph::ParameterId(0), Kind::kAbsolute, 7, 5, 0},
                                 {graph::ParameterId(0), Kind::kSigned, 6, 4, 0},
                                 {graph::ParameterId(0), Kind::kSigned, 3, 2, 0}};

struct Model {
  explicit Model(const std::string& name, const std::vector<std::string>& knobs)
      : spec(architecture::resolve_model(name, knobs).spec),
        graph(architecture::build_graph(spec)) {}
  architecture::ModelSpec spec;
  graph::Graph graph;
};

const std::vector<std::string> kTiny{"width=12", "depths=[2]", "heads=[2]", "window=6"};
std::vector<std::string> tiny_swin(const std::string& size) {
  auto knobs = kTiny;
  knobs.push_back("image_size=" + size);
  return knobs;
}

}  // namespace

TEST_CASE("a table of equal numbers stays one, and mirrored tables become mirrored ones") {
  for (const PositionTable& table : kTables) {
    for (const TableGrid from : {TableGrid{5, 5}, TableGrid{4, 7}, TableGrid{1, 2}}) {
      const at::Tensor values = values_of(table, from);
      const at::Tensor resized = resized_table(table, from, values);
      graph::Shape like;
      for (const graph::Index size : values.sizes()) like.push_back(size);
      CHECK(is_table_of(table, from, values, like));
      CHECK(is_table_of(table, {table.height, table.width}, resized, like));
      const at::Tensor equal = resized_table(table, from, at::full_like(values, 0.5));
      CHECK((equal - 0.5).abs().max().item<float>() < 1e-5);
      if (table.kind != Kind::kSigned) continue;
      const at::Tensor mirrored = resized_table(table, from, values.flip(0));
      CHECK((mirrored.flip(0) - resized).abs().max().item<float>() < 1e-5);
    }
  }
}

TEST_CASE("class tokens keep their embedding, and offset 0 its bias") {
  const PositionTable tokens{graph::ParameterId(0), Kind::kEmbedding, 4, 3, 2};
  const at::Tensor embedding = values_of(tokens, {5, 6});
  const at::Tensor resized = resized_table(tokens, {5, 6}, embedding);
  CHECK(at::equal(resized.narrow(1, 0, 2), embedding.narrow(1, 0, 2).to(at::kFloat)));
  const PositionTable offsets{graph::ParameterId(0), Kind::kSigned, 6, 4, 0};
  const at::Tensor biases = values_of(offsets, {3, 3});
  const at::Tensor grown = resized_table(offsets, {3, 3}, biases);
  CHECK((grown[(11 * 7) / 2] - biases[12]).abs().max().item<double>() < 1e-6);
}

TEST_CASE("only square tables tell their grid") {
  const PositionTable tokens{graph::ParameterId(0), Kind::kEmbedding, 4, 3, 1};
  CHECK(square_grid(tokens, at::zeros({1, 26, 8})) == TableGrid{5, 5});
  CHECK_FALSE(square_grid(tokens, at::zeros({1, 25, 8})));
  const PositionTable offsets{graph::ParameterId(0), Kind::kSigned, 4, 3, 0};
  CHECK(square_grid(offsets, at::zeros({49, 2})) == TableGrid{4, 4});
  CHECK_FALSE(square_grid(offsets, at::zeros({64, 2})));  // no grid has an even side of offsets
  CHECK_FALSE(square_grid(offsets, at::zeros({})));
}

TEST_CASE("weights of another image size are read, and it is told which tensors changed") {
  const TemporaryFolder folder;
  const auto path = folder / "w.safetensors";
  struct Row {
    Model made, wanted;
    std::string name;  // of one changed tensor in timm's layout
    std::size_t changed;
  };
  const Row rows[] = {
      {Model("deit_tiny", {"image_size=64"}), Model("deit_tiny", {"image_size=[96, 48]"}),
       "pos_embed", 1},
      {Model("swin_tiny", tiny_swin("16")), Model("swin_tiny", tiny_swin("[24, 20]")),
       "layers.0.blocks.1.attn.relative_position_bias_table", 2},
      {Model("efficientvit_m0", {"image_size=64"}), Model("efficientvit_m0", {"image_size=128"}),
       "stages.0.blocks.0.mixer.m.attn.attention_biases", 6}};
  for (const Row& row : rows) {
    const Weights weights = random_weights(row.made.graph, 4);
    for (const auto layout : {interop::WeightLayout::kVitlab, interop::WeightLayout::kTimm}) {
      write_weights(path, row.made.spec, row.made.graph, weights, layout);
      std::vector<std::string> resized;
      const Weights read =
          read_weights(path, row.wanted.spec, row.wanted.graph, layout, at::kDouble, &resized);
      CHECK(resized.size() == row.changed);
      if (layout == interop::WeightLayout::kTimm)
        CHECK(std::find(resized.begin(), resized.end(), row.name) != resized.end());
      for (const graph::ParameterId i : row.wanted.graph.parameters.ids()) {
        const graph::Shape& shape = row.wanted.graph.parameter(i).shape;
        CHECK(read[i].sizes().vec() == std::vector<graph::Index>(shape.begin(), shape.end()));
      }
      read_weights(path, row.made.spec, row.made.graph, layout, at::kDouble, &resized);
      CHECK(resized.empty());
    }
  }
}

TEST_CASE("a grid that is not square is known from the spec in vitlab's files alone") {
  const TemporaryFolder folder;
  const auto path = folder / "w.safetensors";
  const Model made("deit_tiny", {"image_size=[32, 96]"}), other("deit_tiny", {"image_size=64"});
  const Model turned("deit_tiny", {"image_size=[96, 32]"});
  const Weights weights = random_weights(made.graph, 4);
  write_weights(path, made.spec, made.graph, weights, interop::WeightLayout::kVitlab);
  std::vector<std::string> resized;
  load_weights(path, other.graph, at::kFloat, &resized);
  CHECK(resized == std::vector<std::string>{"stem.position_embedding"});
  load_weights(path, turned.graph, at::kFloat, &resized);  // as many tokens, but other ones
  CHECK(resized.size() == 1);
  write_tensors(path, named_weights(made.graph, weights));
  CHECK_THROWS_WITH(load_weights(path, other.graph),
                    Catch::Contains("'stem.position_embedding' has shape (1, 13, 192)"));
  load_weights(path, turned.graph, at::kFloat, &resized);
  CHECK(resized.empty());
}

TEST_CASE("a table with other heads or channels stays an error") {
  const TemporaryFolder folder;
  const auto path = folder / "w.safetensors";
  const Model made("deit_tiny", {"image_size=64", "width=96"});
  const Model wanted("deit_tiny", {"image_size=32"});
  write_weights(path, made.spec, made.graph, random_weights(made.graph, 4),
                interop::WeightLayout::kVitlab);
  CHECK_THROWS_WITH(load_weights(path, wanted.graph),
                    Catch::Contains("has shape (1, 17, 96), the model needs (1, 5, 192)"));
}

}  // namespace vitlab::model
