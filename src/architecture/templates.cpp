#include "architecture/templates.h"

#include <cmath>

#include "core/error.h"
#include "core/names.h"

namespace vitlab::architecture {

const std::vector<Template>& templates() {
  static const std::vector<Template> rows{efficientvit_template(), mobilenet_template(),
                                          mobilevit_template(), vit_template(), swin_template()};
  return rows;
}

const Knob* Template::find(std::string_view knob) const {
  for (const Knob& row : knobs)
    if (row.name == knob) return &row;
  return nullptr;
}

std::vector<std::string> Template::knob_names() const {
  std::vector<std::string> names;
  for (const Knob& row : knobs) names.emplace_back(row.name);
  return names;
}

const Template* find_template(std::string_view name) {
  for (const Template& row : templates())
    if (row.name == name) return &row;
  return nullptr;
}

std::string template_name(const core::Json& knobs) {
  const auto found = knobs.find(kTemplateKnob);
  return found != knobs.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Template& template_of(const core::Json& knobs, const std::string& otherwise) {
  const std::string name = template_name(knobs);
  if (name.empty()) throw core::UserError(otherwise);
  if (const Template* found = find_template(name)) return *found;
  throw core::UserError("'" + name + "' is not a template" +
                        core::did_you_mean(name, template_names()));
}

std::vector<std::string> template_names() {
  std::vector<std::string> names;
  for (const Template& row : templates()) names.emplace_back(row.name);
  return names;
}

std::optional<std::string> placement_of(const core::Json& knobs) {
  constexpr const char *kShare = "mhsa_share", *kPlacement = "placement";
  if (!knobs.contains(kShare)) return std::nullopt;
  const auto found = knobs.find(kPlacement);
  return found != knobs.end() ? found->get<std::string>()
                              : std::string(core::word_of(Placement::kUniform));
}

std::vector<bool> place_attention(graph::Index layers, double share, Placement placement) {
  const auto count = static_cast<graph::Index>(std::llround(share * static_cast<double>(layers)));
  std::vector<bool> attention(static_cast<std::size_t>(layers), false);
  const auto up_to = [&](graph::Index i) { return (i * count + layers - 1) / layers; };
  for (graph::Index i = 0; i < layers; ++i) {
    bool here = false;
    switch (placement) {
      case Placement::kUniform:
        here = up_to(i + 1) > up_to(i);
        break;
      case Placement::kEarly:
        here = i < count;
        break;
      case Placement::kLate:
        here = i >= layers - count;
        break;
    }
    attention[static_cast<std::size_t>(i)] = here;
  }
  return attention;
}

graph::Index scaled_width(graph::Index width, double scale, graph::Index quantum) {
  if (scale == 1 || quantum < 1) return width;
  constexpr double kMost = 1e9;  // beyond any width that a template allows
  const double units = static_cast<double>(width) * scale / static_cast<double>(quantum);
  return quantum * std::max<graph::Index>(1, std::llround(std::min(units, kMost)));
}

ImageShape image_of(graph::Index channels, const std::vector<graph::Index>& image_size) {
  if (image_size.empty()) return {.channels = channels};
  return {channels, image_size.front(), image_size.back()};
}

void check_again(core::ConfigReader& reader, std::string_view key, const KnobRule& rule,
                 const std::vector<graph::Index>& values) {
  if (reader.problems().blames(reader.path_of(key))) return;
  const std::string refusal = knob_refusal(rule, values);
  if (!refusal.empty()) reader.fail(key, refusal);
}

namespace {

template <typename T>
void spread_any(core::ConfigReader& reader, std::string_view key, std::size_t stages,
                std::vector<T>& value) {
  if (value.size() == 1) value.assign(stages, T(value.front()));
  if (value.size() == stages) return;
  if (reader.has(key) && !reader.problems().blames(reader.path_of(key)))
    reader.fail(key, "must be one number or one per stage (" + std::to_string(stages) + "), got " +
                         std::to_string(value.size()));
  if (value.empty()) value.push_back(T(1));
  value.resize(stages, T(value.back()));
}

}  // namespace

void spread(core::ConfigReader& reader, std::string_view key, std::size_t stages,
            std::vector<graph::Index>& value) {
  spread_any(reader, key, stages, value);
}

void spread(core::ConfigReader& reader, std::string_view key, std::size_t stages,
            std::vector<double>& value) {
  spread_any(reader, key, stages, value);
}

}  // namespace vitlab::architecture
