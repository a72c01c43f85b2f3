#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json_fields.h"
#include "graph/op.h"
#include "messages/answers.h"
#include "messages/measure_answer.h"

namespace vitlab::messages {

/// One op of a profile, for the whole batch.
struct ProfiledOp {
  std::string node, layer;
  std::string stage;  // "stem", "stages.1", "heads"
  std::string kind;   // of the layer
  std::string op;
  graph::Category category = graph::Category::kOther;
  std::string inside;    // the op that hides this movement; empty: an op of its own
  std::string moved_by;  // of hidden movement: "contiguous", "reorder", …
  Bound bound = Bound::kLaunch;
  double time_ms = 0, time_p5_ms = 0, time_p95_ms = 0;
  double share = 0;  // of the time of all ops
  std::int64_t macs = 0, flops = 0;
  std::int64_t bytes = 0, bytes_read = 0, bytes_written = 0;
  double gflops_per_s = 0, gbytes_per_s = 0;
  double flops_per_byte = 0;  // 0 where nothing moves
  double roof_ms = 0;         // the least that the roofs allow

  bool operator==(const ProfiledOp&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("node", &ProfiledOp::node),
                      core::required("layer", &ProfiledOp::layer),
                      core::required("stage", &ProfiledOp::stage),
                      core::required("kind", &ProfiledOp::kind),
                      core::required("op", &ProfiledOp::op),
                      core::required("category", &ProfiledOp::category),
                      core::optional("inside", &ProfiledOp::inside),
                      core::optional("moved_by", &ProfiledOp::moved_by),
                      core::required("bound", &ProfiledOp::bound),
                      core::required("time_ms", &ProfiledOp::time_ms),
                      core::required("time_p5_ms", &ProfiledOp::time_p5_ms),
                      core::required("time_p95_ms", &ProfiledOp::time_p95_ms),
                      core::required("share", &ProfiledOp::share),
                      core::required("macs", &ProfiledOp::macs),
                      core::required("flops", &ProfiledOp::flops),
                      core::required("bytes", &ProfiledOp::bytes),
                      core::required("bytes_read", &ProfiledOp::bytes_read),
                      core::required("bytes_written", &ProfiledOp::bytes_written),
                      core::required("gflops_per_s", &ProfiledOp::gflops_per_s),
                      core::required("gbytes_per_s", &ProfiledOp::gbytes_per_s),
                      core::required("flops_per_byte", &ProfiledOp::flops_per_byte),
                      core::required("roof_ms", &ProfiledOp::roof_ms)};
  }
};

/// Time by category, an object with each of their words.
struct CategoryTimes {
  std::array<double, graph::kCategoryCount> ms{};  // in the order of Category

  bool operator==(const CategoryTimes&) const = default;
};
core::Json to_json_form(const CategoryTimes& times);
void from_json_form(const core::Json& json, const core::JsonPlace& place, CategoryTimes& times);

/// Ops that share a name, added up.
struct PartTimes {
  std::string name;
  double time_ms = 0;
  double share = 0;  // of the time of all ops
  std::int64_t macs = 0, flops = 0, bytes = 0;
  double memory_bound_share = 0;  // of its own time, by category
  CategoryTimes categories;

  bool operator==(const PartTimes&) const = default;
  static constexpr auto fields_named(std::string_view key) {
    return std::tuple{core::required(key, &PartTimes::name),
                      core::required("time_ms", &PartTimes::time_ms),
                      core::required("share", &PartTimes::share),
                      core::required("macs", &PartTimes::macs),
                      core::required("flops", &PartTimes::flops),
                      core::required("bytes", &PartTimes::bytes),
                      core::required("memory_bound_share", &PartTimes::memory_bound_share),
                      core::required("categories", &PartTimes::categories)};
  }
};
/// The ops of a layer.
struct LayerTimes : PartTimes {
  static constexpr auto fields() { return fields_named("layer"); }
};
/// The ops of a stage.
struct StageTimes : PartTimes {
  static constexpr auto fields() { return fields_named("stage"); }
};
/// The ops of a kind of layer.
struct KindTimes : PartTimes {
  static constexpr auto fields() { return fields_named("kind"); }
};

/// A category's part of the time of all ops, with its spread over forwards.
struct CategoryShare {
  graph::Category category = graph::Category::kOther;
  double time_ms = 0, share = 0, share_p5 = 0, share_p95 = 0;

  bool operator==(const CategoryShare&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("category", &CategoryShare::category),
                      core::required("time_ms", &CategoryShare::time_ms),
                      core::required("share", &CategoryShare::share),
                      core::required("share_p5", &CategoryShare::share_p5),
                      core::required("share_p95", &CategoryShare::share_p95)};
  }
};

/// What the category "other" consists of, an op of it.
struct OtherOp {
  std::string op;
  double time_ms = 0, share = 0;

  bool operator==(const OtherOp&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("op", &OtherOp::op),
                      core::required("time_ms", &OtherOp::time_ms),
                      core::required("share", &OtherOp::share)};
  }
};

/// Memory when a node has run, its inputs still held.
struct MemoryStep {
  std::string node;
  std::int64_t predicted_bytes = 0, measured_bytes = 0;

  bool operator==(const MemoryStep&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("node", &MemoryStep::node),
                      core::required("predicted_bytes", &MemoryStep::predicted_bytes),
                      core::required("measured_bytes", &MemoryStep::measured_bytes)};
  }
};

/// Memory of one forward, as planned and as LibTorch's allocator saw it.
struct ProfiledMemory {
  std::int64_t predicted_peak_bytes = 0, measured_peak_bytes = 0, parameter_bytes = 0;
  std::vector<MemoryStep> timeline;
  std::string remark;  // what is counted

  bool operator==(const ProfiledMemory&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("predicted_peak_bytes", &ProfiledMemory::predicted_peak_bytes),
                      core::required("measured_peak_bytes", &ProfiledMemory::measured_peak_bytes),
                      core::required("parameter_bytes", &ProfiledMemory::parameter_bytes),
                      core::required("timeline", &ProfiledMemory::timeline),
                      core::required("remark", &ProfiledMemory::remark)};
  }
};

/// Where the time of a forward went.
struct ProfileTimes {
  Spread throughput_images_per_s;
  Spread latency_ms;                       // of a whole batch
  std::vector<CategoryShare> categories;   // all, in the order of Category
  double memory_bound_share = 0;           // by category, as the paper counts
  double roofline_memory_bound_share = 0;  // by bound
  std::vector<ProfiledOp> ops;             // in the order in which they run
  std::vector<LayerTimes> layers;          // and these in the order in which they come first
  std::vector<StageTimes> stages;
  std::vector<KindTimes> kinds;
  std::vector<OtherOp> others;  // slowest first
  ProfiledMemory memory;
  Roofs roofline;
  Spread profiled_latency_ms;
  double remainder_ms = 0;          // mean profiled forward minus its ops
  std::optional<double> launch_ms;  // of that, on CUDA: the device's idle time between kernels
  double overhead = 1;              // profiled over unprofiled time
  std::vector<std::string> warnings;

  /// The time of all ops.
  double ops_ms() const;

  bool operator==(const ProfileTimes&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        core::required("throughput_images_per_s", &ProfileTimes::throughput_images_per_s),
        core::required("latency_ms", &ProfileTimes::latency_ms),
        core::required("categories", &ProfileTimes::categories),
        core::required("memory_bound_share", &ProfileTimes::memory_bound_share),
        core::required("roofline_memory_bound_share", &ProfileTimes::roofline_memory_bound_share),
        core::required("ops", &ProfileTimes::ops),
        core::required("layers", &ProfileTimes::layers),
        core::required("stages", &ProfileTimes::stages),
        core::required("kinds", &ProfileTimes::kinds),
        core::required("others", &ProfileTimes::others),
        core::required("memory", &ProfileTimes::memory),
        core::required("roofline", &ProfileTimes::roofline),
        core::required("profiled_latency_ms", &ProfileTimes::profiled_latency_ms),
        core::required("remainder_ms", &ProfileTimes::remainder_ms),
        core::optional("launch_ms", &ProfileTimes::launch_ms),
        core::required("overhead", &ProfileTimes::overhead),
        core::required("warnings", &ProfileTimes::warnings)};
  }
};

/// Time that model a and model b spend on the same thing.
struct Difference {
  double a_ms = 0, b_ms = 0, difference_ms = 0;
  double share_of_difference = 0;  // of all ops

  bool operator==(const Difference&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("a_ms", &Difference::a_ms),
                      core::required("b_ms", &Difference::b_ms),
                      core::required("difference_ms", &Difference::difference_ms),
                      core::required("share_of_difference", &Difference::share_of_difference)};
  }
};
struct CategoryDifference : Difference {
  graph::Category category = graph::Category::kOther;

  bool operator==(const CategoryDifference&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{core::required("category", &CategoryDifference::category)},
                          Difference::fields());
  }
};
struct KindDifference : Difference {
  std::string kind;  // of layer

  bool operator==(const KindDifference&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{core::required("kind", &KindDifference::kind)},
                          Difference::fields());
  }
};
/// A category in a kind of layer of a stage.
struct PlaceDifference : Difference {
  graph::Category category = graph::Category::kOther;
  std::string kind, stage;

  bool operator==(const PlaceDifference&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{core::required("category", &PlaceDifference::category),
                                     core::required("kind", &PlaceDifference::kind),
                                     core::required("stage", &PlaceDifference::stage)},
                          Difference::fields());
  }
};
struct NodeDifference : Difference {
  std::string node;

  bool operator==(const NodeDifference&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{core::required("node", &NodeDifference::node)},
                          Difference::fields());
  }
};
/// Nodes that only one of the models has, in a kind of layer.
struct UnmatchedKind : KindDifference {
  std::int64_t nodes_in_a = 0, nodes_in_b = 0;

  bool operator==(const UnmatchedKind&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(KindDifference::fields(),
                          std::tuple{core::required("nodes_in_a", &UnmatchedKind::nodes_in_a),
                                     core::required("nodes_in_b", &UnmatchedKind::nodes_in_b)});
  }
};

/// What model a needs more than model b and where, largest first.
struct Differences {
  std::optional<SpeedRatio> throughput_ratio;  // of a over b
  Spread throughput_images_per_s, latency_ms;  // of b
  double difference_ms = 0;                    // of all ops
  std::vector<CategoryDifference> categories;
  std::vector<KindDifference> kinds;
  std::vector<PlaceDifference> places;
  std::vector<NodeDifference> nodes;     // that both have, in layers of the same kind
  std::vector<UnmatchedKind> unmatched;  // that only one has

  bool operator==(const Differences&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        core::optional("throughput_ratio", &Differences::throughput_ratio),
        core::required("throughput_images_per_s", &Differences::throughput_images_per_s),
        core::required("latency_ms", &Differences::latency_ms),
        core::required("difference_ms", &Differences::difference_ms),
        core::required("categories", &Differences::categories),
        core::required("kinds", &Differences::kinds),
        core::required("places", &Differences::places),
        core::required("nodes", &Differences::nodes),
        core::required("unmatched", &Differences::unmatched)};
  }
};

/// A profile beside another one. Its fields and those of the differences stand side by side.
struct ProfileComparison {
  std::string model;                         // model b
  std::optional<std::string> out_of_memory;  // why, if one did not fit; then nothing differs
  std::optional<Differences> differences;

  bool operator==(const ProfileComparison&) const = default;
};
core::Json to_json_form(const ProfileComparison& comparison);
void from_json_form(const core::Json& json, const core::JsonPlace& place,
                    ProfileComparison& comparison);

/// Which model was profiled, and how.
struct ProfileSetting {
  std::string model;
  std::string id;                    // empty in a record, which has it elsewhere
  std::vector<std::string> resized;  // tensors that were made for another image size
  std::string device;
  std::int64_t threads = 1, batch = 1;
  graph::Dtype dtype{};
  bool deploy = false;
  std::optional<std::string> out_of_memory;  // why, if it did not fit; then there are no times

  bool operator==(const ProfileSetting&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("model", &ProfileSetting::model),
                      core::optional("id", &ProfileSetting::id),
                      core::optional("resized", &ProfileSetting::resized),
                      core::required("device", &ProfileSetting::device),
                      core::required("threads", &ProfileSetting::threads),
                      core::required("batch", &ProfileSetting::batch),
                      core::required("dtype", &ProfileSetting::dtype),
                      core::required("deploy", &ProfileSetting::deploy),
                      core::optional("out_of_memory", &ProfileSetting::out_of_memory)};
  }
};

/// A profile. The fields of its parts stand side by side.
struct ProfileAnswer {
  ProfileSetting setting;
  std::optional<ProfileTimes> times;  // but where memory ran out
  Environment environment;
  std::optional<ProfileComparison> against;

  bool operator==(const ProfileAnswer&) const = default;
};
core::Json to_json_form(const ProfileAnswer& profile);
void from_json_form(const core::Json& json, const core::JsonPlace& place, ProfileAnswer& profile);

/// Details of the record of a measurement.
struct MeasureDetails : MeasuredModel {
  WholeProtocol protocol;
  bool reference_measured_again = false;  // only for this record: its own stage was done before
  std::optional<ProfileAnswer> profile;   // of vitlab's own runtime

  bool operator==(const MeasureDetails&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(MeasuredModel::fields(),
                          std::tuple{core::required("protocol", &MeasureDetails::protocol),
                                     core::required("reference_measured_again",
                                                    &MeasureDetails::reference_measured_again),
                                     core::optional("profile", &MeasureDetails::profile)});
  }
};

}  // namespace vitlab::messages
