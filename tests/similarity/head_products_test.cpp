#include <cmath>

#include "architecture/presets.h"
#include "model/small_models.h"
#include "similarity/head_cka.h"
#include "similarity/head_cosine.h"
#include "similarity/head_weights.h"
#include "test.hpp"

namespace vitlab::similarity {

namespace {

HeadCosines centred_cosines(const at::Tensor& maps, double centre) {
  HeadCosines cosines(1, centre);
  cosines.add(maps);
  cosines.close();
  return cosines;
}

/// A model with one attention layer of three heads, as a place for outputs that tests make up.
const model::SmallModel& three_heads() {
  static const model::SmallModel model(
      architecture::expand_knobs(
          core::parse_json(R"({"template": "vit", "image_size": 32, "patch": 8, "depth": 1,
                                  "mhsa_share": 0.5, "width": 24, "heads": 3, "classes": 5})",
                           "test"),
          "test"),
      1);
  return model;
}

std::vector<double> cka_of(const std::vector<at::Tensor>& heads, graph::Index batch,
                           std::vector<double>* null = nullptr) {
  const graph::Graph& graph = three_heads().graph();
  HeadCka cka(graph, graph.attention.front());
  for (graph::Index i = 0; i < heads[0].size(0); i += batch) {
    std::vector<at::Tensor> some;
    for (const at::Tensor& head : heads)
      some.push_back(head.narrow(0, i, std::min(batch, head.size(0) - i)).flatten(1));
    cka.add(some);
  }
  cka.close();
  if (null != nullptr) *null = cka.null_pairs();
  return cka.pairs();
}

at::Tensor rotation(graph::Index size, std::uint64_t seed) {
  return std::get<0>(at::linalg_qr(model::gaussian({size, size}, seed)));
}

}  // namespace

TEST_CASE("centred cosines are correlations: an offset changes nothing, and uniform maps are 0") {
  const at::Tensor maps = at::softmax(model::gaussian({6, 3, 8, 8}, 1), -1);
  const HeadCosines plain = centred_cosines(maps, 0), about = centred_cosines(maps, 1.0 / 8);
  const at::Tensor flat = maps.reshape({6, 3, -1});
  const at::Tensor less = flat - flat.mean(-1, true);
  const at::Tensor unit = less / less.norm(2, {-1}, true);
  for (std::size_t image = 0; image < 6; ++image) {
    const at::Tensor own = unit[static_cast<graph::Index>(image)];
    const double expected = (at::mm(own, own.t()).sum().item<double>() - 3) / 6;
    CHECK(plain.centred().values[2][image] == Approx(expected).margin(1e-12));
    for (std::size_t r = 0; r < kHeadReductions; ++r) {
      CHECK(about.centred().values[r][image] ==
            Approx(plain.centred().values[r][image]).margin(1e-12));
      CHECK(about.raw().values[r][image] == Approx(plain.raw().values[r][image]).margin(1e-12));
    }
  }
  const at::Tensor uniform = at::full({4, 3, 8, 8}, 1.0F / 8, at::kFloat);
  const HeadCosines flat_maps = centred_cosines(uniform, 1.0 / 8);
  for (const auto& values : flat_maps.centred().values)
    for (const double value : values) CHECK(value == 0);
  for (const double value : flat_maps.raw().values[0]) CHECK(value == Approx(1));
}

TEST_CASE("nearly uniform maps in float32 keep their correlations") {
  const at::Tensor scores = 1e-3 * model::gaussian({5, 3, 50, 50}, 2);
  const at::Tensor maps = at::softmax(scores, -1).to(at::kFloat);
  const HeadCosines in_float = centred_cosines(maps, 1.0 / 50);
  const HeadCosines in_double = centred_cosines(maps.to(at::kDouble), 1.0 / 50);
  for (std::size_t image = 0; image < 5; ++image) {
    CHECK(in_float.centred().values[0][image] ==
          Approx(in_double.centred().values[0][image]).margin(1e-6));
    CHECK(in_float.raw().values[0][image] == Approx(in_double.raw().values[0][image]).margin(1e-6));
  }
}

TEST_CASE("identical heads count as one, orthogonal ones of one length as many") {
  const at::Tensor map = at::softmax(model::gaussian({5, 1, 6, 6}, 3), -1);
  const HeadCosines same = centred_cosines(map.expand({5, 4, 6, 6}), 1.0 / 6);
  for (const double count : same.effective_heads()) CHECK(count == Approx(1).margin(1e-6));
  at::Tensor apart = at::zeros({2, 4, 4}, at::kDouble);
  for (graph::Index head = 0; head < 4; ++head) apart.select(1, head).select(1, head).fill_(1);
  const HeadCosines different = centred_cosines(apart, 0.25);
  for (const double count : different.effective_heads()) CHECK(count == Approx(4));
}

TEST_CASE("CKA does not see rotations, scales and offsets, nor how images are batched") {
  const at::Tensor first = model::gaussian({7, 17, 8}, 4);
  const at::Tensor turned = 3 * at::matmul(first, rotation(8, 5)) + 2;
  const at::Tensor other = first + model::gaussian({7, 17, 8}, 6);
  std::vector<double> null;
  const std::vector<double> pairs = cka_of({first, turned, other}, 7, &null);
  CHECK(pairs[1] == Approx(1));
  CHECK(pairs[0] == Approx(1));
  CHECK(pairs[2] == Approx(pairs[5]).margin(1e-12));
  CHECK(pairs[2] < 0.9);
  for (const graph::Index batch : {1, 3}) {
    std::vector<double> null_in_parts;
    const std::vector<double> parts = cka_of({first, turned, other}, batch, &null_in_parts);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      CHECK(parts[i] == Approx(pairs[i]).margin(1e-12));
      CHECK(null_in_parts[i] == Approx(null[i]).margin(1e-12));
    }
  }
  CHECK(null[1] < 0.3);  // neighbours share nothing here
}

TEST_CASE("CKA is what its definition says of centred features") {
  const std::vector<at::Tensor> heads{model::gaussian({4, 17, 8}, 7),
                                      model::gaussian({4, 17, 8}, 8),
                                      model::gaussian({4, 17, 8}, 9)};
  const std::vector<double> pairs = cka_of(heads, 2);
  const auto centred = [](const at::Tensor& x) {
    const at::Tensor rows = x.reshape({-1, x.size(-1)});
    return rows - rows.mean(0);
  };
  const at::Tensor x = centred(heads[0]), y = centred(heads[2]);
  const at::Tensor k = at::mm(x, x.t()), l = at::mm(y, y.t());
  const double expected =
      (k * l).sum().item<double>() / (k.norm().item<double>() * l.norm().item<double>());
  CHECK(pairs[2] == Approx(expected).margin(1e-12));
}

TEST_CASE("what heads project is found in every kind of attention, of the sizes of the spec") {
  graph::Index seen = 0;
  model::for_every_kind(4, false, [&](const model::SmallModel& model, RandomSpecs&) {
    for (const graph::AttentionTap& tap : model.graph().attention) {
      const auto heads = head_projections(model.graph(), tap, model.weights);
      REQUIRE(heads.size() == static_cast<std::size_t>(tap.heads));
      for (std::size_t i = 0; i < heads.size(); ++i) {
        CHECK(heads[i].q.sizes() == heads[i].k.sizes());
        const std::size_t own = tap.outputs.size() == 1 ? 0 : i;
        const graph::Shape& output = model.graph().value(tap.outputs[own]).shape;
        const graph::Index tokens = model.graph().value(tap.maps.front()).shape.back();
        CHECK(heads[i].v.size(0) * tokens == output[output.rank() - 2] * output[output.rank() - 1]);
        ++seen;
      }
    }
  });
  CHECK(seen > 20);
}

TEST_CASE("subspaces that agree overlap by 1, orthogonal ones by 0, whatever their bases") {
  const at::Tensor basis = rotation(12, 10);
  const at::Tensor a = basis.narrow(0, 0, 4), b = basis.narrow(0, 4, 6);
  CHECK(subspace_overlap(a, 5 * at::mm(model::gaussian({4, 4}, 11), a)) == Approx(1));
  CHECK(subspace_overlap(a, b) == Approx(0).margin(1e-12));
  CHECK(subspace_overlap(a, basis.narrow(0, 2, 6)) == Approx(0.5));
  CHECK(*entry_cosine(a, -2 * a) == Approx(-1));
  CHECK_FALSE(entry_cosine(a, b));
}

}  // namespace vitlab::similarity
