#include "messages/forms.h"

#include "architecture/presets.h"

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

}  // namespace vitlab::core
