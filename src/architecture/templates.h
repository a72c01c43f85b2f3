#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "architecture/knobs.h"
#include "architecture/model_spec.h"
#include "core/choice.h"
#include "core/config_reader.h"

namespace vitlab::architecture {

/// The knob that names the template of all others.
inline constexpr const char* kTemplateKnob = "template";

/// A family of models with few knobs, all with defaults.
struct Template {
  std::string_view name;
  std::string_view summary;
  std::vector<Knob> knobs;
  /// Reads the knobs (all but `template`) and writes the model out.
  ModelSpec (*expand)(core::ConfigReader& reader);

  /// The knob of this name, or null.
  const Knob* find(std::string_view knob) const;
  std::vector<std::string> knob_names() const;
};

/// Every template; a new family is one more row.
const std::vector<Template>& templates();
const Template* find_template(std::string_view name);
/// The template that knobs name, "" for those of an explicit model.
std::string template_name(const core::Json& knobs);
/// The template that knobs name; throws UserError, `otherwise` where they name none.
const Template& template_of(const core::Json& knobs, const std::string& otherwise);
std::vector<std::string> template_names();

/// Where a given number of attention layers go among all layers of a stage or model.
enum class Placement : std::uint8_t { kUniform, kEarly, kLate };
struct PlacementRow {
  Placement value;
  std::string_view word;
};
inline constexpr std::array kPlacements{PlacementRow{Placement::kUniform, "uniform"},
                                        PlacementRow{Placement::kEarly, "early"},
                                        PlacementRow{Placement::kLate, "late"}};
static_assert(core::is_whole(kPlacements));
constexpr const auto& choice_rows(Placement) { return kPlacements; }

/// attention[i] says whether layer i of `layers` is attention, for round(share · layers) of them:
/// uniform places them at equal distances, the first layer first; early and late at the ends.
std::vector<bool> place_attention(graph::Index layers, double share, Placement placement);

/// Where the attention layers go in a model whose knobs say their share; none for the others.
std::optional<std::string> placement_of(const core::Json& knobs);

/// Rows of templates(), a function a family.
Template efficientvit_template();
Template mobilenet_template();
Template mobilevit_template();
Template vit_template();
Template swin_template();

/// The activations that templates take under `activation`.
inline constexpr std::array kTemplateActivations{
    graph::Activation::kRelu, graph::Activation::kHardswish, graph::Activation::kGelu,
    graph::Activation::kSilu};

// Rules that several templates share.
inline constexpr KnobRule kSizeRule = within(1, 1 << 20);
inline constexpr KnobRule kClassesRule = within(1, 1e9);
inline constexpr KnobRule kImageSizeRule =
    one_or(listed(within(1, 16384), "must be a number of pixels or [height, width]", 1, 2));
inline constexpr std::string_view kImageSizeMeaning = "pixels, or [height, width]";

/// The images of the knobs `channels` and `image_size`.
ImageShape image_of(graph::Index channels, const std::vector<graph::Index>& image_size);

/// `width` times `scale`, rounded to a multiple of `quantum` and at least one of it; a scale of 1
/// changes nothing.
graph::Index scaled_width(graph::Index width, double scale, graph::Index quantum);

/// A problem at `key` for the first value that `rule` refuses: for values that other knobs changed.
void check_again(core::ConfigReader& reader, std::string_view key, const KnobRule& rule,
                 const std::vector<graph::Index>& values);

/// The multiple of 8 nearest to `width`, at least 8 and at least 0.9 of it: how the papers on
/// MobileNets round channels.
graph::Index divisible_by_8(double width);

/// Makes the value of a knob that takes one number per stage one per stage.
void spread(core::ConfigReader& reader, std::string_view key, std::size_t stages,
            std::vector<graph::Index>& value);
void spread(core::ConfigReader& reader, std::string_view key, std::size_t stages,
            std::vector<double>& value);

}  // namespace vitlab::architecture
