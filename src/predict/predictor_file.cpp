#include "predict/predictor_file.h"

#include <algorithm>
#include <cmath>

#include "core/config_node.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"

namespace vitlab::predict {

namespace {

constexpr const char* kWhat = "vitlab latency predictor";
constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMostBytes = std::size_t{256} << 20;

/// A tree as five flat lists, a number a node.
core::Json tree_json(const stats::Tree& tree) {
  core::Json features = core::Json::array(), thresholds = core::Json::array(),
             values = core::Json::array(), left = core::Json::array(), right = core::Json::array();
  for (const stats::TreeNode& node : tree) {
    features.push_back(node.feature);
    thresholds.push_back(node.threshold);
    values.push_back(node.value);
    left.push_back(node.left);
    right.push_back(node.right);
  }
  return {features, thresholds, values, left, right};
}

core::Json kind_json(const KindModel& kind) {
  core::Json json = core::Json::object();
  json["rates"] = kind.rates;
  json["rows"] = kind.rows;
  json["seen"] = core::Json::array();
  for (const stats::Interval& range : kind.seen) json["seen"].push_back({range.low, range.high});
  json["residuals"] = core::Json::array();
  for (const stats::BoostedTrees& trees : kind.residuals) {
    core::Json ensemble{{"start", trees.start}, {"trees", core::Json::array()}};
    for (const stats::Tree& tree : trees.trees) ensemble["trees"].push_back(tree_json(tree));
    json["residuals"].push_back(std::move(ensemble));
  }
  return json;
}

/// Reads keys of one object; what is wrong is a UserError "file: path: problem".
class PredictorPart {
 public:
  PredictorPart(const core::Json& json, std::string place) : json_(json), place_(std::move(place)) {
    if (!json.is_object()) fail("must be an object");
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw core::UserError(place_ + ": " + problem + "; calibrate again");
  }
  const core::Json& at(const std::string& key) const {
    if (!json_.contains(key)) fail("'" + key + "' is missing");
    return json_.at(key);
  }
  template <typename T>
  T get(const std::string& key) const {
    return convert<T>(at(key), key);
  }
  template <typename T>
  T convert(const core::Json& value, const std::string& key) const {
    try {
      return value.get<T>();
    } catch (const core::Json::exception&) {
      fail("'" + key + "' is not what it should be");
    }
  }
  double number(const std::string& key) const {
    const auto value = get<double>(key);
    if (!std::isfinite(value)) fail("'" + key + "' is not finite");
    return value;
  }
  PredictorPart part(const std::string& key) const { return {at(key), place_ + "." + key}; }
  const core::Json& json() const { return json_; }
  const std::string& place() const { return place_; }

 private:
  const core::Json& json_;
  std::string place_;
};

stats::Tree read_tree(const PredictorPart& part, const core::Json& json, const std::string& key) {
  const auto lists = part.convert<std::vector<std::vector<double>>>(json, key);
  if (lists.size() != 5 || lists[0].empty()) part.fail("'" + key + "' is no tree");
  const std::size_t nodes = lists[0].size();
  stats::Tree tree;
  for (const auto& list : lists)
    if (list.size() != nodes) part.fail("'" + key + "' has lists of unequal lengths");
  for (std::size_t i = 0; i < nodes; ++i) {
    stats::TreeNode node{static_cast<std::int64_t>(lists[0][i]), lists[1][i], lists[2][i],
                         static_cast<std::size_t>(lists[3][i]),
                         static_cast<std::size_t>(lists[4][i])};
    const bool goes_on = node.left > i && node.right > i && node.left < nodes && node.right < nodes;
    if (!node.is_leaf() &&
        (!goes_on || node.feature >= static_cast<std::int64_t>(op_feature_names().size())))
      part.fail("'" + key + "' has a node that leads nowhere");
    tree.push_back(node);
  }
  return tree;
}

stats::BoostedTrees read_ensemble(const PredictorPart& part) {
  stats::BoostedTrees trees;
  trees.start = part.number("start");
  const core::Json& list = part.at("trees");
  for (std::size_t i = 0; i < list.size(); ++i)
    trees.trees.push_back(read_tree(part, list[i], "trees[" + std::to_string(i) + "]"));
  return trees;
}

KindModel read_kind(const PredictorPart& part) {
  KindModel kind;
  kind.rates = part.get<std::array<double, 5>>("rates");
  for (const double rate : kind.rates)
    if (!(rate >= 0)) part.fail("'rates' must not be negative");
  kind.rows = part.get<std::size_t>("rows");
  for (const auto& range : part.get<std::vector<std::array<double, 2>>>("seen"))
    kind.seen.push_back({range[0], range[1]});
  const core::Json& ensembles = part.at("residuals");
  for (std::size_t i = 0; i < ensembles.size(); ++i)
    kind.residuals.push_back(
        read_ensemble({ensembles[i], part.place() + ".residuals[" + std::to_string(i) + "]"}));
  return kind;
}

PredictorSetting read_setting(const PredictorPart& part) {
  PredictorSetting setting;
  setting.device = part.get<std::string>("device");
  setting.threads = part.get<graph::Index>("threads");
  setting.batch = part.get<graph::Index>("batch");
  setting.dtype = part.get<std::string>("dtype");
  setting.deploy = part.get<bool>("deploy");
  setting.flush_subnormals = part.get<bool>("flush_subnormals");
  if (setting.threads < 1 || setting.batch < 1) part.fail("threads and batch must be positive");
  return setting;
}

void check_head(const PredictorPart& part) {
  if (part.at("what") != kWhat) part.fail("this is no latency predictor");
  if (part.at("version") != kVersion)
    part.fail("it is of version " + part.at("version").dump() + ", this program reads " +
              std::to_string(kVersion));
  std::vector<std::string> features;
  for (const std::string_view name : op_feature_names()) features.emplace_back(name);
  if (part.get<std::vector<std::string>>("features") != features)
    part.fail("'features' are not those of this program");
  core::Json body = part.json();
  body.erase("checksum");
  if (part.get<std::string>("checksum") != core::identity(core::canonical_json(body)))
    part.fail("'checksum' does not fit: the file was changed since it was written");
}

}  // namespace

core::Json predictor_json(const TimePredictor& predictor) {
  core::Json json = core::Json::object();
  json["what"] = kWhat;
  json["version"] = kVersion;
  const PredictorSetting& setting = predictor.setting;
  json["setting"] = {{"device", setting.device}, {"threads", setting.threads},
                     {"batch", setting.batch},   {"dtype", setting.dtype},
                     {"deploy", setting.deploy}, {"flush_subnormals", setting.flush_subnormals}};
  json["models"] = predictor.models;
  json["whole"] = {
      {"once", predictor.once}, {"per_op", predictor.per_op}, {"scale", predictor.scale}};
  json["errors"] = {{"from_test", predictor.errors.from_test},
                    {"log_ratios", predictor.errors.log_ratios}};
  json["features"] = op_feature_names();
  json["other"] = kind_json(predictor.other);
  json["kinds"] = core::Json::object();
  for (const auto& [name, kind] : predictor.kinds) json["kinds"][name] = kind_json(kind);
  json["checksum"] = core::identity(core::canonical_json(json));
  return json;
}

TimePredictor predictor_from_json(const core::Json& json, const std::string& source) {
  const PredictorPart part(json, source);
  check_head(part);
  TimePredictor predictor;
  predictor.setting = read_setting(part.part("setting"));
  predictor.models = part.get<std::size_t>("models");
  const PredictorPart whole = part.part("whole");
  predictor.once = whole.number("once");
  predictor.per_op = whole.number("per_op");
  predictor.scale = whole.number("scale");
  const PredictorPart errors = part.part("errors");
  predictor.errors.from_test = errors.get<bool>("from_test");
  predictor.errors.log_ratios = errors.get<std::vector<double>>("log_ratios");
  if (!std::is_sorted(predictor.errors.log_ratios.begin(), predictor.errors.log_ratios.end()))
    errors.fail("'log_ratios' must ascend");
  predictor.other = read_kind(part.part("other"));
  const PredictorPart kinds = part.part("kinds");
  for (const auto& [name, kind] : kinds.json().items())
    predictor.kinds.emplace(name, read_kind(kinds.part(name)));
  return predictor;
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
