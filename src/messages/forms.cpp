#include "messages/forms.h"

#include "architecture/presets.h"
#include "sweep/named_config.h"

namespace vitlab::core {

void JsonForm<std::filesystem::path>::read(const Json& json, const JsonPlace& place,
                                           std::filesystem::path& value) {
  value = from_json<std::string>(json, place);
}

void JsonForm<interop::WeightLayout>::read(const Json& json, const JsonPlace& place,
                                           interop::WeightLayout& value) {
  value = interop::layout_from_name(from_json<std::string>(json, place));
}

void JsonForm<architecture::ModelSpec>::read(const Json& json, const JsonPlace& place,
                                             architecture::ModelSpec& value) {
  check_object(json, place);
  Problems problems(place.path(), "");
  value = architecture::read_spec(architecture::node_from_json(json), problems);
  problems.throw_if_any();
}

void JsonForm<sweep::Recipe>::read(const Json& json, const JsonPlace& place, sweep::Recipe& value) {
  check_object(json, place);
  value = sweep::recipe_from_json(json, place.path());
}

void JsonForm<sweep::Protocol>::read(const Json& json, const JsonPlace& place,
                                     sweep::Protocol& value) {
  check_object(json, place);
  value = sweep::protocol_from_json(json, place.path());
}

void JsonForm<sweep::SimilaritySettings>::read(const Json& json, const JsonPlace& place,
                                               sweep::SimilaritySettings& value) {
  check_object(json, place);
  value = sweep::similarity_settings_from_json(json, place.path());
}

void JsonForm<sweep::PruneSettings>::read(const Json& json, const JsonPlace& place,
                                          sweep::PruneSettings& value) {
  check_object(json, place);
  value = sweep::prune_settings_from_json(json, place.path());
}

}  // namespace vitlab::core
