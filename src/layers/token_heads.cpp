#include "layers/token_heads.h"

namespace vitlab::layers {

namespace {

/// Queries, keys and values (N, T, channels): of all heads, or of each.
struct HeadValues {
  std::vector<graph::ValueId> q, k, v;
};

/// Writes attention on tokens for one layer.
class TokenHeads {
 public:
  TokenHeads(graph::LayerWriter& writer, const HeadAxes& axes, const HeadProjections& projections,
             const HeadScores& scores, graph::AttentionTap& tap)
      : writer_(writer), axes_(axes), projections_(projections), scores_(scores), tap_(tap) {}

  graph::ValueId run(graph::ValueId x) {
    if (projections_.split) return attend_apart(project_splits(x));
    const HeadValues all = project(x);
    return uniform(axes_.qk) && uniform(axes_.v) ? attend_together(all) : attend_apart(cut(all));
  }

 private:
  std::size_t heads() const { return axes_.qk.size(); }
  static std::string name_of(std::size_t head) { return "heads." + std::to_string(head); }

  bool uniform(const graph::Extent& sizes) const {
    for (const graph::AxisId axis : sizes)
      if (writer_.graph().axis(axis).size != writer_.graph().axis(sizes.front()).size) return false;
    return true;
  }

  HeadValues project(graph::ValueId x) {
    const bool fused_bias = projections_.bias && !projections_.keys_have_no_bias;
    graph::Extent projected = axes_.qk;
    projected.append(axes_.qk);
    projected.append(axes_.v);
    const graph::ValueId qkv = writer_.linear(x, projected, "qkv", fused_bias);
    graph::ValueId q = writer_.split(qkv, 0, heads(), "q");
    const graph::ValueId k = writer_.split(qkv, heads(), heads(), "k");
    graph::ValueId v = writer_.split(qkv, 2 * heads(), heads(), "v");
    if (projections_.bias && projections_.keys_have_no_bias) {
      q = biased(q, "q_bias");
      v = biased(v, "v_bias");
    }
    writer_.gate(k);
    writer_.gate(v);
    return {{scaled(q, "scale")}, {k}, {v}};
  }

  graph::ValueId biased(graph::ValueId x, const std::string& name) {
    const graph::Extent channels = writer_[x].channels;
    const graph::ValueId bias =
        writer_.parameter_value({writer_[x].shape.back()}, {channels}, 0, name, {}, false);
    return writer_.add_broadcast(x, bias, name + ".add");
  }

  graph::ValueId scaled(graph::ValueId q, const std::string& name) {
    return scores_.factors.valid() ? q : writer_.scale(q, scores_.scale, name);
  }

  HeadValues project_splits(graph::ValueId x) {
    const std::size_t parts = writer_[x].channels.size() / heads();
    // No spec says a gap in the splits.
    writer_.hold(axes_.heads, kHeadReadsSplit);
    HeadValues own;
    for (std::size_t head = 0; head < heads(); ++head) {
      const std::string name = name_of(head);
      const graph::ValueId fed = writer_.split(x, head * parts, parts, name + ".split");
      const bool fused_bias = projections_.bias && !projections_.keys_have_no_bias;
      const graph::Extent projected{axes_.qk[head], axes_.qk[head], axes_.v[head]};
      const graph::ValueId qkv = writer_.linear(fed, projected, name + ".qkv", fused_bias);
      graph::ValueId q = writer_.split(qkv, 0, 1, name + ".q");
      const graph::ValueId k = writer_.split(qkv, 1, 1, name + ".k");
      graph::ValueId v = writer_.split(qkv, 2, 1, name + ".v");
      if (projections_.bias && projections_.keys_have_no_bias) {
        q = biased(q, name + ".q_bias");
        v = biased(v, name + ".v_bias");
      }
      writer_.gate(k);
      writer_.gate(v);
      own.q.push_back(scaled(q, name + ".scale"));
      own.k.push_back(k);
      own.v.push_back(v);
    }
    return own;
  }

  HeadValues cut(const HeadValues& all) {
    HeadValues own;
    for (std::size_t head = 0; head < heads(); ++head) {
      own.q.push_back(writer_.split(all.q[0], head, 1, name_of(head) + ".q"));
      own.k.push_back(writer_.split(all.k[0], head, 1, name_of(head) + ".k"));
      own.v.push_back(writer_.split(all.v[0], head, 1, name_of(head) + ".v"));
    }
    return own;
  }

  /// (N, T, h·d) -> (N, h, T, d), for heads of equal size.
  graph::ValueId by_head(graph::ValueId x, const std::string& name) {
    const graph::Shape shape = writer_[x].shape;
    const auto count = static_cast<graph::Index>(heads());
    const graph::ValueId cut_up = writer_.reshape(x, {shape[0], shape[1], count, shape[2] / count},
                                                  graph::kUnset, {}, name + ".cut");
    return writer_.permute(cut_up, {0, 2, 1, 3}, name);
  }

  /// All heads in one batched product.
  graph::ValueId attend_together(const HeadValues& all) {
    const graph::Value values = writer_[all.v[0]];
    graph::ValueId q = by_head(all.q[0], "q.heads"), k = by_head(all.k[0], "k.heads");
    const graph::ValueId v = by_head(all.v[0], "v.heads");
    if (scores_.factors.valid()) {
      q = writer_.l2_normalize(q, "q.unit");
      k = writer_.l2_normalize(k, "k.unit");
    }
    graph::ValueId map = writer_.matrix_multiply(q, k, false, true, "scores");
    if (scores_.factors.valid())
      map = writer_.multiply_broadcast(map, scores_.factors, "scores.scaled");
    if (scores_.bias.valid()) map = writer_.add_broadcast(map, scores_.bias, "with_bias");
    if (scores_.mask.valid()) {
      const graph::Shape mask = writer_[scores_.mask].shape;
      const graph::ValueId for_all = writer_.reshape(scores_.mask, {mask[0], 1, mask[1], mask[2]},
                                                     graph::kUnset, {}, "mask.for_heads");
      map = writer_.add_broadcast(map, for_all, "with_mask");
    }
    map = writer_.softmax(map, "softmax");
    const graph::ValueId mixed = writer_.matrix_multiply(map, v, false, false, "mix");
    tap_.maps = {map};
    tap_.outputs = {mixed};
    const graph::ValueId ordered = writer_.permute(mixed, {0, 2, 1, 3}, "heads.order");
    return writer_.reshape(ordered, values.shape, 2, values.channels, "heads.join");
  }

  /// One product a head.
  graph::ValueId attend_apart(const HeadValues& own) {
    std::vector<graph::ValueId> outputs;
    for (std::size_t head = 0; head < heads(); ++head) {
      const std::string name = name_of(head);
      const graph::ValueId map = writer_.softmax(own_scores(own, head), name + ".softmax");
      const graph::Value values = writer_[own.v[head]];
      const graph::ValueId mixed =
          writer_.matrix_multiply(map, own.v[head], false, false, name + ".mix");
      tap_.maps.push_back(map);
      tap_.outputs.push_back(mixed);
      outputs.push_back(
          writer_.reshape(mixed, values.shape, 2, values.channels, name + ".labelled"));
    }
    return writer_.concat(outputs, 2, "heads.join");
  }

  graph::ValueId own_scores(const HeadValues& own, std::size_t head) {
    const std::string name = name_of(head);
    const auto index = static_cast<graph::Index>(head);
    graph::ValueId q = own.q[head], k = own.k[head];
    if (scores_.factors.valid()) {
      q = writer_.l2_normalize(q, name + ".q.unit");
      k = writer_.l2_normalize(k, name + ".k.unit");
    }
    graph::ValueId map = writer_.matrix_multiply(q, k, false, true, name + ".scores");
    if (scores_.factors.valid()) {
      const graph::ValueId factor = writer_.slice(scores_.factors, 0, index, 1, name + ".factor");
      map = writer_.multiply_broadcast(map, factor, name + ".scores.scaled");
    }
    if (scores_.bias.valid()) {
      const graph::ValueId bias = writer_.slice(scores_.bias, 0, index, 1, name + ".bias");
      map = writer_.add_broadcast(map, bias, name + ".with_bias");
    }
    if (scores_.mask.valid()) map = writer_.add_broadcast(map, scores_.mask, name + ".with_mask");
    return map;
  }

  graph::LayerWriter& writer_;
  const HeadAxes& axes_;
  const HeadProjections& projections_;
  const HeadScores& scores_;
  graph::AttentionTap& tap_;
};

}  // namespace

graph::ValueId attend_tokens(graph::LayerWriter& writer, graph::ValueId x, const HeadAxes& axes,
                             const HeadProjections& projections, const HeadScores& scores,
                             graph::AttentionTap& tap) {
  return TokenHeads(writer, axes, projections, scores, tap).run(x);
}

void check_split(LayerProblems& problems, bool split, graph::Index heads, graph::Index width) {
  if (split && heads >= 1 && width % heads != 0)
    problems.push_back({"heads", "must divide the stage's width " + std::to_string(width) +
                                     " where each head reads a split, got " +
                                     std::to_string(heads)});
}

}  // namespace vitlab::layers
