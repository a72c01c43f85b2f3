#include "model/understand.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "model/layouts.h"

namespace vitlab::model {

namespace {

using interop::WeightLayout;

constexpr std::array kLayouts{WeightLayout::kVitlab, WeightLayout::kTimm, WeightLayout::kOfficial};

/// How a file's names are read: as those of a layout behind a prefix.
struct Reading {
  WeightLayout layout = WeightLayout::kVitlab;
  std::vector<std::string> wanted;
  std::string prefix;
  std::size_t known = 0;  // of the wanted names

  bool is_whole() const { return known == wanted.size(); }
  double share() const {
    return static_cast<double>(known) /
           static_cast<double>(std::max<std::size_t>(1, wanted.size()));
  }
};

class FileNames {
 public:
  explicit FileNames(const std::vector<NamedTensor>& tensors) {
    for (const NamedTensor& each : tensors) names_.insert(each.name);
  }

  bool has(const std::string& name) const { return names_.contains(name); }
  std::size_t size() const { return names_.size(); }

  /// What stands before `name` where a name of the file ends in it.
  std::set<std::string> prefixes_of(const std::string& name) const {
    std::set<std::string> prefixes;
    for (const std::string& each : names_)
      if (each.ends_with("." + name)) prefixes.insert(each.substr(0, each.size() - name.size()));
    return prefixes;
  }

  /// Whether each name that ends so in `wanted` is gone, and a convolution with a bias stands
  /// there.
  bool has_folded(const Reading& reading) const {
    std::size_t norms = 0, folded = 0;
    for (const std::string& name : reading.wanted)
      for (const std::string_view norm : {".bn.running_mean", ".norm.running_mean"}) {
        if (!name.ends_with(norm)) continue;
        const std::string part = reading.prefix + name.substr(0, name.size() - norm.size());
        ++norms;
        folded += has(part + ".bias") || has(part + ".conv.bias") || has(part + ".c.bias") ? 1 : 0;
      }
    const bool has_statistics = std::any_of(names_.begin(), names_.end(), [](const auto& name) {
      return name.ends_with("running_mean");
    });
    return norms > 0 && 2 * folded >= norms && (!has_statistics || 10 * folded >= 9 * norms);
  }

 private:
  std::set<std::string> names_;
};

Reading reading_of(const FileNames& names, std::vector<std::string> wanted, WeightLayout layout) {
  Reading best{layout, std::move(wanted), "", 0};
  if (best.wanted.empty()) return best;
  std::set<std::string> prefixes{""};
  const std::size_t last = best.wanted.size() - 1;
  for (const std::size_t anchor : {std::size_t{0}, last / 2, last})
    prefixes.merge(names.prefixes_of(best.wanted[anchor]));
  for (const std::string& prefix : prefixes) {
    const auto known = static_cast<std::size_t>(
        std::count_if(best.wanted.begin(), best.wanted.end(),
                      [&](const std::string& name) { return names.has(prefix + name); }));
    if (known <= best.known) continue;
    best.known = known;
    best.prefix = prefix;
  }
  return best;
}

/// The file read as each layout that may hold the model; the best first, vitlab's among equals.
std::vector<Reading> readings_of(const FileNames& names, const architecture::ModelSpec& spec,
                                 const graph::Graph& graph) {
  std::vector<Reading> readings;
  for (const WeightLayout layout : kLayouts) {
    std::vector<std::string> wanted;
    try {
      for (const interop::NameMapEntry& entry :
           interop::name_map(spec, graph, layout, interop::NameUse::kRead))
        wanted.push_back(entry.foreign_name);
    } catch (const interop::LayoutRefusal&) {
      continue;
    }
    readings.push_back(reading_of(names, std::move(wanted), layout));
  }
  std::stable_sort(readings.begin(), readings.end(),
                   [](const Reading& a, const Reading& b) { return a.share() > b.share(); });
  return readings;
}

/// Leaves out the prefix and what does not begin so, and says it.
void strip(TensorFile& file, const Reading& reading, std::vector<std::string>& notes) {
  if (reading.prefix.empty()) return;
  std::vector<NamedTensor> kept;
  std::vector<std::string> others;
  for (NamedTensor& each : file.tensors) {
    if (!each.name.starts_with(reading.prefix)) {
      others.push_back(each.name);
      continue;
    }
    each.name.erase(0, reading.prefix.size());
    kept.push_back(std::move(each));
  }
  file.tensors = std::move(kept);
  std::string note =
      "names begin with " + core::quoted_clip(reading.prefix) + ", which is left out";
  if (!others.empty())
    note += "; tensors that do not begin so are passed over: " + std::to_string(others.size()) +
            " (" + core::quoted_clip(others.front()) + (others.size() > 1 ? ", …)" : ")");
  notes.push_back(std::move(note));
}

/// timm renamed Swin's layers in 0.9; before, they had the official names, and timm reads both.
bool is_older_timm(const architecture::ModelSpec& spec, const Reading& best,
                   std::optional<WeightLayout> layout) {
  return layout == WeightLayout::kTimm && best.layout == WeightLayout::kOfficial &&
         interop::had_official_names(spec);
}

/// Says in a sentence what a file is that is not the wanted one, if that can be told.
void refuse_known(const std::string& title, const FileNames& names, const Reading& best) {
  constexpr double kForeign = 0.2;
  if (names.has_folded(best))
    throw core::UserError(title +
                          ": these weights have their batch norms folded in (fused); vitlab reads "
                          "the plain form, as it is before fusing");
  if (best.share() < kForeign)
    throw core::UserError(
        title + ": these are not the weights of this model: " + std::to_string(best.known) +
        " of the " + std::to_string(best.wanted.size()) + " names that it has are among the " +
        std::to_string(names.size()) + " of the file (" + core::quoted_clip(best.wanted.front()) +
        " is not, for one)");
}

}  // namespace

UnderstoodWeights understand(TensorFile file, const architecture::ModelSpec& spec,
                             const graph::Graph& graph, std::optional<WeightLayout> layout,
                             at::ScalarType dtype) {
  const FileNames names(file.tensors);
  const std::vector<Reading> readings = readings_of(names, spec, graph);
  const Reading* taken = &readings.front();
  UnderstoodWeights result;
  if (layout && taken->layout != *layout) {
    const auto named = std::find_if(readings.begin(), readings.end(),
                                    [&](const Reading& each) { return each.layout == *layout; });
    if (named == readings.end()) interop::name_map(spec, graph, *layout, interop::NameUse::kRead);
    if (named->is_whole()) {
      taken = &*named;
    } else if (is_older_timm(spec, *taken, layout) && taken->is_whole()) {
      result.notes.emplace_back("the names are those of timm before 0.9");
    } else if (taken->is_whole()) {
      throw core::UserError(file.title + ": layout " +
                            std::string(interop::layout_name(taken->layout)) +
                            " fits this file, not " + std::string(interop::layout_name(*layout)) +
                            "; name that one by --layout, or none");
    } else {
      taken = &*named;
    }
  }
  if (!taken->is_whole()) refuse_known(file.title, names, *taken);
  if (!layout && taken->layout != WeightLayout::kVitlab)
    result.notes.push_back("the names are those of layout " +
                           std::string(interop::layout_name(taken->layout)));
  strip(file, *taken, result.notes);
  result.layout = taken->layout;
  result.trained_on = trained_on(file.metadata, file.title);
  result.weights = weights_of(std::move(file), spec, graph, taken->layout, dtype, &result.resized);
  return result;
}

}  // namespace vitlab::model
