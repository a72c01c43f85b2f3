#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "architecture/model_spec.h"
#include "core/config_reader.h"

namespace vitlab::architecture {

/// One knob of a template, for help and "did you mean".
struct Knob {
  std::string_view name;
  std::string_view default_text;
  std::string_view meaning;
};

/// A family of models with few knobs, all with defaults.
struct Template {
  std::string_view name;
  std::string_view summary;
  std::vector<Knob> (*knobs)();
  /// Reads the knobs (all but `template`) and writes the model out.
  ModelSpec (*expand)(core::ConfigReader& reader);
};

/// Every template; a new family is one more row.
const std::vector<Template>& templates();
const Template* find_template(std::string_view name);
std::vector<std::string> template_names();

/// Where a given number of attention layers go among all layers of a stage or model.
enum class Placement : std::uint8_t { kUniform, kEarly, kLate };

/// attention[i] says whether layer i of `layers` is attention, for round(share · layers) of them:
/// uniform places them at equal distances, the first layer first; early and late at the ends.
std::vector<bool> place_attention(graph::Index layers, double share, Placement placement);

/// Rows of templates(), one function pair a family.
std::vector<Knob> efficientvit_knobs();
ModelSpec expand_efficientvit(core::ConfigReader& reader);
std::vector<Knob> vit_knobs();
ModelSpec expand_vit(core::ConfigReader& reader);
std::vector<Knob> swin_knobs();
ModelSpec expand_swin(core::ConfigReader& reader);
std::vector<Knob> mobilenet_knobs();
ModelSpec expand_mobilenet(core::ConfigReader& reader);
std::vector<Knob> mobilevit_knobs();
ModelSpec expand_mobilevit(core::ConfigReader& reader);

/// Whether the plain word `word` stands under `key`, where otherwise numbers do.
bool is_word(core::ConfigReader& reader, std::string_view key, std::string_view word);

/// The factor under `width_scale`, 1 if there is none; a problem unless it lies in (0, 64].
double read_width_scale(core::ConfigReader& reader);
/// `width` times `scale`, rounded to a multiple of `quantum` and at least one of it; a scale of 1
/// changes nothing.
graph::Index scaled_width(graph::Index width, double scale, graph::Index quantum);

/// A number or [height, width] under `key`.
void read_image_size(core::ConfigReader& reader, std::string_view key, ImageShape& image);

/// The multiple of 8 nearest to `width`, at least 8 and at least 0.9 of it: how the papers on
/// MobileNets round channels.
graph::Index divisible_by_8(double width);

/// A number or one per stage: `value` holds the default and, after it, one item per stage.
void read_per_stage(core::ConfigReader& reader, std::string_view key, std::size_t stages,
                    std::vector<graph::Index>& value);
void read_per_stage(core::ConfigReader& reader, std::string_view key, std::size_t stages,
                    std::vector<double>& value);

}  // namespace vitlab::architecture
