#include "messages/profile_answer.h"

namespace vitlab::messages {

namespace {

/// The parts of a message whose fields stand side by side in one object.
struct ComparisonHead {
  std::string model;
  std::optional<std::string> out_of_memory;

  static constexpr auto fields() {
    return std::tuple{core::required("model", &ComparisonHead::model),
                      core::optional("out_of_memory", &ComparisonHead::out_of_memory)};
  }
};
struct ProfileTail {
  Environment environment;
  std::optional<ProfileComparison> against;

  static constexpr auto fields() {
    return std::tuple{core::required("environment", &ProfileTail::environment),
                      core::optional("against", &ProfileTail::against)};
  }
};

template <typename Part>
core::Json only(const core::Json& json) {
  core::Json part = core::Json::object();
  for (const std::string& name : core::JsonForm<Part>::names())
    if (const auto found = json.find(name); found != json.end()) part[name] = *found;
  return part;
}

template <typename... Parts>
void check_parts(const core::Json& json, const core::JsonPlace& place) {
  core::check_object(json, place);
  std::vector<std::string> names;
  (names.insert(names.end(), core::JsonForm<Parts>::names().begin(),
                core::JsonForm<Parts>::names().end()),
   ...);
  core::check_keys(json, place, names);
}

/// The part that is there unless memory ran out.
template <typename Part>
std::optional<Part> read_unless(bool out_of_memory, const core::Json& json,
                                const core::JsonPlace& place) {
  const core::Json part = only<Part>(json);
  if (!out_of_memory) return core::from_json<Part>(part, place);
  if (!part.empty()) place.refuse("has numbers although memory ran out");
  return std::nullopt;
}

}  // namespace

double ProfileTimes::ops_ms() const {
  double total = 0;
  for (const ProfiledOp& op : ops) total += op.time_ms;
  return total;
}

core::Json to_json_form(const CategoryTimes& times) {
  core::Json json = core::Json::object();
  for (const graph::CategoryRow& row : graph::kCategories)
    json[std::string(row.word)] = core::json_number(times.ms[static_cast<std::size_t>(row.value)]);
  return json;
}

void from_json_form(const core::Json& json, const core::JsonPlace& place, CategoryTimes& times) {
  core::check_object(json, place);
  core::check_keys(json, place, core::words_of<graph::Category>());
  for (const graph::CategoryRow& row : graph::kCategories) {
    const auto found = json.find(std::string(row.word));
    if (found == json.end()) place.key(row.word).refuse("is missing");
    core::read_json(*found, place.key(row.word), times.ms[static_cast<std::size_t>(row.value)]);
  }
}

core::Json to_json_form(const ProfileComparison& comparison) {
  core::Json json = core::to_json(ComparisonHead{comparison.model, comparison.out_of_memory});
  if (comparison.differences) json.update(core::to_json(*comparison.differences));
  return json;
}

void from_json_form(const core::Json& json, const core::JsonPlace& place,
                    ProfileComparison& comparison) {
  check_parts<ComparisonHead, Differences>(json, place);
  const auto head = core::from_json<ComparisonHead>(only<ComparisonHead>(json), place);
  comparison = {head.model, head.out_of_memory,
                read_unless<Differences>(head.out_of_memory.has_value(), json, place)};
}

core::Json to_json_form(const ProfileAnswer& profile) {
  core::Json json = core::to_json(profile.setting);
  if (profile.times) json.update(core::to_json(*profile.times));
  json.update(core::to_json(ProfileTail{profile.environment, profile.against}));
  return json;
}

void from_json_form(const core::Json& json, const core::JsonPlace& place, ProfileAnswer& profile) {
  check_parts<ProfileSetting, ProfileTimes, ProfileTail>(json, place);
  profile.setting = core::from_json<ProfileSetting>(only<ProfileSetting>(json), place);
  profile.times = read_unless<ProfileTimes>(profile.setting.out_of_memory.has_value(), json, place);
  auto tail = core::from_json<ProfileTail>(only<ProfileTail>(json), place);
  profile.environment = std::move(tail.environment);
  profile.against = std::move(tail.against);
}

}  // namespace vitlab::messages
