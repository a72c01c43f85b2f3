#include "sweep/axes_reader.h"

#include <algorithm>
#include <cmath>

#include "architecture/presets.h"
#include "core/text.h"
#include "sweep/sampling.h"

namespace vitlab::sweep {

namespace {

constexpr double kMostValues = 1e6;

/// Values of one knob: a list, or a range from which samples are drawn.
struct Domain {
  std::vector<core::Json> values;
  bool is_range = false;
  double low = 0, high = 0;

  core::Json at(double share) const {
    if (!is_range) {
      const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size()));
      return values[std::min(index, values.size() - 1)];  // rounding may reach the end
    }
    const double value = low + share * (high - low);
    return plain_numbers(std::stod(core::significant(value, 6)));
  }
};

/// Reads `{range: [a, b], step: s}`.
bool read_range(core::ConfigReader reader, Domain& domain) {
  std::vector<double> ends;
  double step = 0;
  const std::size_t before = reader.problems().count();
  reader.required("range", ends);
  const bool has_step = reader.optional("step", step);
  reader.finish();
  if (reader.problems().count() > before) return false;
  if (ends.size() != 2 || !(ends[0] <= ends[1])) {
    reader.fail("range", "must be [first, last] with first <= last");
    return false;
  }
  if (!has_step) {
    domain.is_range = true;
    domain.low = ends[0];
    domain.high = ends[1];
    return true;
  }
  const double count = std::floor((ends[1] - ends[0]) / step + 1e-9) + 1;
  if (!(step > 0) || !(count <= kMostValues)) {
    reader.fail("step", "must be positive and give at most a million values");
    return false;
  }
  // Twelve digits hide what adding up steps does to the last bits: 0.30000000000000004.
  for (double i = 0; i < count; ++i)
    domain.values.push_back(plain_numbers(std::stod(core::significant(ends[0] + i * step, 12))));
  return true;
}

class AxesReader {
 public:
  AxesReader(core::ConfigReader& sweep, KnobCheck& knobs)
      : problems_(sweep.problems()), knobs_(knobs) {}

  void read(const core::ConfigNode& item, const std::string& path) {
    const bool is_one = item.is_map() && item.items.size() == 1;
    const std::string key = is_one ? item.items[0].key : "";
    if (key == "grid") return grid(item.items[0], path + ".grid");
    if (key == "zip") return zip(item.items[0], path + ".zip");
    if (key == "sample") return sample(item.items[0], path + ".sample");
    problems_.add(item.place, path + " must be one of grid: {…}, zip: {…} and sample: {…}");
  }

  std::vector<SweepAxis> take() { return std::move(axes_); }

 private:
  bool is_map(const core::ConfigNode& node, const std::string& path) {
    if (node.is_map() && !node.items.empty()) return true;
    problems_.add(node.place, path + " must map knobs to lists of values, got " +
                                  (node.is_map() ? "an empty map" : core::describe(node)));
    return false;
  }

  bool read_domain(const core::ConfigNode& node, const std::string& path, Domain& domain) {
    check_new(node, path);
    if (node.is_map()) {
      if (!read_range(core::ConfigReader(node, problems_, path), domain)) return false;
      check_steps(node, path, domain);
      return true;
    }
    if (!node.is_sequence() || node.items.empty()) {
      problems_.add(node.place, path +
                                    " must be a list of values or {range: [a, b], step: s}, got " +
                                    (node.is_sequence() ? "an empty list" : core::describe(node)));
      return false;
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      knobs_.value(node.key, node.items[i], path + "[" + std::to_string(i) + "]");
      domain.values.push_back(value_of(node.items[i]));
    }
    return true;
  }

  /// Values that a range steps through are checked as if they were listed, up to the first bad one.
  void check_steps(const core::ConfigNode& node, const std::string& path, const Domain& domain) {
    const std::size_t before = problems_.count();
    for (const core::Json& value : domain.values) {
      core::ConfigNode step = architecture::node_from_json(value);
      step.place = node.place;
      knobs_.value(node.key, step, path);
      if (problems_.count() > before) return;
    }
  }

  bool read_list(const core::ConfigNode& node, const std::string& path, Domain& domain) {
    if (!read_domain(node, path, domain)) return false;
    if (!domain.is_range) return true;
    problems_.add(node.place, path + ".step is missing; only samples take a range without it");
    return false;
  }

  void check_new(const core::ConfigNode& node, const std::string& path) {
    knobs_.name(node.key, node.key_place, path);
    for (const SweepAxis& axis : axes_)
      for (const std::string& knob : axis.knobs)
        if (knob == node.key)
          problems_.add(node.key_place, path + " is on an axis already; a knob has one axis");
  }

  void grid(const core::ConfigNode& node, const std::string& path) {
    if (!is_map(node, path)) return;
    for (const core::ConfigNode& entry : node.items) {
      Domain domain;
      if (!read_list(entry, path + "." + entry.key, domain)) continue;
      SweepAxis axis{{entry.key}, {}};
      for (core::Json& value : domain.values) axis.points.push_back({std::move(value)});
      axes_.push_back(std::move(axis));
    }
  }

  void zip(const core::ConfigNode& node, const std::string& path) {
    if (!is_map(node, path)) return;
    SweepAxis axis;
    for (const core::ConfigNode& entry : node.items) {
      Domain domain;
      if (!read_list(entry, path + "." + entry.key, domain)) continue;
      if (axis.knobs.empty()) axis.points.resize(domain.values.size());
      if (domain.values.size() != axis.points.size()) {
        problems_.add(entry.place,
                      path + "." + entry.key + " has " + std::to_string(domain.values.size()) +
                          " values, but " + axis.knobs.front() + " has " +
                          std::to_string(axis.points.size()) + "; zipped lists have one length");
        continue;
      }
      axis.knobs.push_back(entry.key);
      for (std::size_t i = 0; i < axis.points.size(); ++i)
        axis.points[i].push_back(std::move(domain.values[i]));
    }
    if (!axis.knobs.empty()) axes_.push_back(std::move(axis));
  }

  void sample(const core::ConfigNode& node, const std::string& path) {
    core::ConfigReader reader(node, problems_, path);
    std::int64_t count = 0, seed = 0;
    SampleMethod chosen = SampleMethod::kRandom;
    if (reader.required("n", count) &&
        (count < 1 || count > static_cast<std::int64_t>(kMostValues)))
      reader.fail("n", "must lie in 1..1000000, got " + std::to_string(count));
    reader.choice("method", chosen);
    reader.optional("seed", seed);
    const core::ConfigNode* of = reader.node("of");
    if (node.is_map() && !of) reader.fail("of", "is missing: the knobs to draw and their values");
    const std::size_t before = problems_.count();
    SweepAxis axis;
    std::vector<Domain> domains;
    if (of && is_map(*of, path + ".of"))
      for (const core::ConfigNode& entry : of->items) {
        domains.emplace_back();
        read_domain(entry, path + ".of." + entry.key, domains.back());
        axis.knobs.push_back(entry.key);
      }
    if (chosen == SampleMethod::kSobol && domains.size() > kSobolDimensions)
      reader.fail("method", "sobol draws at most " + std::to_string(kSobolDimensions) +
                                " knobs; use lhs or random");
    reader.finish();
    if (problems_.count() > before || domains.empty() || count < 1) return;
    const auto points = unit_points(chosen, static_cast<std::size_t>(count), domains.size(),
                                    static_cast<std::uint64_t>(seed));
    for (const std::vector<double>& point : points) {
      std::vector<core::Json>& values = axis.points.emplace_back();
      for (std::size_t d = 0; d < domains.size(); ++d) values.push_back(domains[d].at(point[d]));
    }
    axes_.push_back(std::move(axis));
  }

  core::Problems& problems_;
  KnobCheck& knobs_;
  std::vector<SweepAxis> axes_;
};

}  // namespace

std::vector<SweepAxis> read_axes(core::ConfigReader& sweep, KnobCheck& knobs) {
  AxesReader reader(sweep, knobs);
  const core::ConfigNode* list = sweep.node("axes");
  if (!list || list->is_null()) return {};
  if (!list->is_sequence()) {
    sweep.fail("axes", "must be a list of grid, zip and sample, got " + core::describe(*list));
    return {};
  }
  for (std::size_t i = 0; i < list->items.size(); ++i)
    reader.read(list->items[i], "axes[" + std::to_string(i) + "]");
  return reader.take();
}

}  // namespace vitlab::sweep
