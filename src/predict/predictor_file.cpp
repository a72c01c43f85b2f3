#include "predict/predictor_file.h"

#include <algorithm>
#include <cmath>

#include "core/config_node.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_fields.h"

namespace vitlab::predict {

namespace {

constexpr const char* kWhat = "vitlab latency predictor";
constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMostBytes = std::size_t{256} << 20;

/// A tree: five flat lists in its file, a number a node.
struct StoredTree {
  stats::Tree tree;

  bool operator==(const StoredTree&) const = default;
};

core::Json to_json_form(const StoredTree& stored) {
  core::Json features = core::Json::array(), thresholds = core::Json::array(),
             values = core::Json::array(), left = core::Json::array(), right = core::Json::array();
  for (const stats::TreeNode& node : stored.tree) {
    features.push_back(node.feature);
    thresholds.push_back(node.threshold);
    values.push_back(node.value);
    left.push_back(node.left);
    right.push_back(node.right);
  }
  return {features, thresholds, values, left, right};
}

void from_json_form(const core::Json& json, const core::JsonPlace& place, StoredTree& stored) {
  const auto lists = core::from_json<std::vector<std::vector<double>>>(json, place);
  if (lists.size() != 5 || lists[0].empty()) place.refuse("is no tree");
  const std::size_t nodes = lists[0].size();
  for (const auto& list : lists)
    if (list.size() != nodes) place.refuse("has lists of unequal lengths");
  const auto features = static_cast<std::int64_t>(op_feature_names().size());
  for (std::size_t i = 0; i < nodes; ++i) {
    // Whole and in range before they become indices: a negative or vast double has no other type.
    const bool is_leaf = lists[0][i] < 0;
    const auto leads_on = [&](double child) {
      return child > static_cast<double>(i) && child < static_cast<double>(nodes);
    };
    if (!is_leaf && !(leads_on(lists[3][i]) && leads_on(lists[4][i]) &&
                      lists[0][i] < static_cast<double>(features)))
      place.refuse("has a node that leads nowhere");
    stats::TreeNode node;
    node.threshold = lists[1][i];
    node.value = lists[2][i];
    if (!is_leaf) {
      node.feature = static_cast<std::int64_t>(lists[0][i]);
      node.left = static_cast<std::size_t>(lists[3][i]);
      node.right = static_cast<std::size_t>(lists[4][i]);
    }
    stored.tree.push_back(node);
  }
}

/// Trees that are summed.
struct StoredEnsemble {
  double start = 0;
  std::vector<StoredTree> trees;

  bool operator==(const StoredEnsemble&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("start", &StoredEnsemble::start),
                      core::required("trees", &StoredEnsemble::trees)};
  }
};

/// KindModel in its file.
struct StoredKind {
  std::vector<double> rates;
  std::uint64_t rows = 0;
  std::vector<std::vector<double>> seen;  // [low, high]
  std::vector<StoredEnsemble> residuals;

  bool operator==(const StoredKind&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("rates", &StoredKind::rates),
                      core::required("rows", &StoredKind::rows),
                      core::required("seen", &StoredKind::seen),
                      core::required("residuals", &StoredKind::residuals)};
  }
};

/// What belongs to a whole model and to none of its ops.
struct StoredWhole {
  double once = 0, per_op = 0, scale = 1;

  bool operator==(const StoredWhole&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("once", &StoredWhole::once),
                      core::required("per_op", &StoredWhole::per_op),
                      core::required("scale", &StoredWhole::scale)};
  }
};

/// The file of a predictor.
struct PredictorFile {
  std::string what;
  std::int64_t version = 0;
  PredictorSetting setting;
  std::uint64_t models = 0;
  StoredWhole whole;
  PredictorErrors errors;
  std::vector<std::string> features;
  StoredKind other;
  std::map<std::string, StoredKind> kinds;
  std::optional<std::string> checksum;  // of all before it

  static constexpr auto fields() {
    return std::tuple{core::required("what", &PredictorFile::what),
                      core::required("version", &PredictorFile::version),
                      core::required("setting", &PredictorFile::setting),
                      core::required("models", &PredictorFile::models),
                      core::required("whole", &PredictorFile::whole),
                      core::required("errors", &PredictorFile::errors),
                      core::required("features", &PredictorFile::features),
                      core::required("other", &PredictorFile::other),
                      core::required("kinds", &PredictorFile::kinds),
                      core::optional("checksum", &PredictorFile::checksum)};
  }
};

std::vector<std::string> own_features() {
  std::vector<std::string> features;
  for (const std::string_view name : op_feature_names()) features.emplace_back(name);
  return features;
}

std::string checksum_of(core::Json json) {
  json.erase("checksum");
  return core::identity(core::canonical_json(json));
}

StoredKind stored(const KindModel& kind) {
  StoredKind file{.rates = {kind.rates.begin(), kind.rates.end()}, .rows = kind.rows};
  for (const stats::Interval& range : kind.seen) file.seen.push_back({range.low, range.high});
  for (const stats::BoostedTrees& trees : kind.residuals) {
    StoredEnsemble& ensemble = file.residuals.emplace_back();
    ensemble.start = trees.start;
    for (const stats::Tree& tree : trees.trees) ensemble.trees.push_back({tree});
  }
  return file;
}

KindModel kind_of(StoredKind&& file, const core::JsonPlace& place) {
  KindModel kind;
  if (file.rates.size() != kind.rates.size()) place.key("rates").refuse("must hold 5 numbers");
  for (std::size_t i = 0; i < kind.rates.size(); ++i) {
    if (!(file.rates[i] >= 0)) place.key("rates").refuse("must not be negative");
    kind.rates[i] = file.rates[i];
  }
  kind.rows = file.rows;
  for (const std::vector<double>& range : file.seen) {
    if (range.size() != 2) place.key("seen").refuse("must hold pairs");
    kind.seen.push_back({range[0], range[1]});
  }
  for (StoredEnsemble& ensemble : file.residuals) {
    stats::BoostedTrees& trees = kind.residuals.emplace_back();
    if (!std::isfinite(ensemble.start)) place.key("residuals").refuse("start at no finite number");
    trees.start = ensemble.start;
    for (StoredTree& tree : ensemble.trees) trees.trees.push_back(std::move(tree.tree));
  }
  return kind;
}

void check_head(const PredictorFile& file, const core::Json& json, const core::JsonPlace& place) {
  if (file.what != kWhat) place.refuse("this is no latency predictor");
  if (file.version != kVersion)
    place.refuse("it is of version " + std::to_string(file.version) + ", this program reads " +
                 std::to_string(kVersion));
  if (file.features != own_features())
    place.key("features").refuse("are not those of this program");
  if (file.checksum != checksum_of(json))
    place.key("checksum").refuse("does not fit: the file was changed since it was written");
  if (file.setting.threads < 1 || file.setting.batch < 1)
    place.key("setting").refuse("must have positive threads and batch");
  for (const double number : {file.whole.once, file.whole.per_op, file.whole.scale})
    if (!std::isfinite(number)) place.key("whole").refuse("holds what is not finite");
  if (!std::is_sorted(file.errors.log_ratios.begin(), file.errors.log_ratios.end()))
    place.key("errors").key("log_ratios").refuse("must ascend");
}

TimePredictor read_checked(const core::Json& json, const core::JsonPlace& place) {
  auto file = core::from_json<PredictorFile>(json, place);
  check_head(file, json, place);
  TimePredictor predictor;
  predictor.setting = file.setting;
  predictor.models = file.models;
  predictor.once = file.whole.once;
  predictor.per_op = file.whole.per_op;
  predictor.scale = file.whole.scale;
  predictor.errors = std::move(file.errors);
  predictor.other = kind_of(std::move(file.other), place.key("other"));
  for (auto& [name, kind] : file.kinds)
    predictor.kinds.emplace(name, kind_of(std::move(kind), place.key("kinds").key(name)));
  return predictor;
}

}  // namespace

core::Json predictor_json(const TimePredictor& predictor) {
  PredictorFile file{.what = kWhat,
                     .version = kVersion,
                     .setting = predictor.setting,
                     .models = predictor.models,
                     .whole = {predictor.once, predictor.per_op, predictor.scale},
                     .errors = predictor.errors,
                     .features = own_features(),
                     .other = stored(predictor.other)};
  for (const auto& [name, kind] : predictor.kinds) file.kinds.emplace(name, stored(kind));
  core::Json json = core::to_json(file);
  json["checksum"] = checksum_of(json);
  return json;
}

TimePredictor predictor_from_json(const core::Json& json, const std::string& source) {
  try {
    return read_checked(json, core::JsonPlace(source + ":"));
  } catch (const core::UserError& error) {
    throw core::UserError(std::string(error.what()) + "; calibrate again");
  }
}

void write_predictor(const TimePredictor& predictor, const std::filesystem::path& path) {
  core::write_file_atomically(path, core::dump_json(predictor_json(predictor)) + "\n");
}

TimePredictor read_predictor(const std::filesystem::path& path) {
  const std::string source = path.string();
  return predictor_from_json(core::parse_json(core::read_text_file(path, kMostBytes), source),
                             source);
}

}  // namespace vitlab::predict
