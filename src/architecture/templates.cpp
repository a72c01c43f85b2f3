#include "architecture/templates.h"

#include <cmath>

namespace vitlab::architecture {

const std::vector<Template>& templates() {
  static const std::vector<Template> rows{
      {"efficientvit", "EfficientViT (CVPR 2023): sandwich blocks, cascaded group attention",
       efficientvit_knobs, expand_efficientvit},
      {"mobilenet", "MobileNetV2, MobileNetV3 and EfficientNet-B0: inverted residuals",
       mobilenet_knobs, expand_mobilenet},
      {"mobilevit", "MobileViT: inverted residuals, and transformers on unfolded patches",
       mobilevit_knobs, expand_mobilevit},
      {"vit", "ViT and DeiT with any share of attention layers", vit_knobs, expand_vit},
      {"swin", "Swin and SwinV2 with any share of attention layers", swin_knobs, expand_swin},
  };
  return rows;
}

const Template* find_template(std::string_view name) {
  for (const Template& row : templates())
    if (row.name == name) return &row;
  return nullptr;
}

std::vector<std::string> template_names() {
  std::vector<std::string> names;
  for (const Template& row : templates()) names.emplace_back(row.name);
  return names;
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

bool is_word(core::ConfigReader& reader, std::string_view key, std::string_view word) {
  const core::ConfigNode* node = reader.node(key);
  return node != nullptr && node->is_scalar() && node->scalar == word;
}

double read_width_scale(core::ConfigReader& reader) {
  double scale = 1;
  reader.optional("width_scale", scale);
  if (scale > 0 && scale <= 64) return scale;
  reader.fail("width_scale", "must lie in (0, 64]");
  return 1;
}

graph::Index scaled_width(graph::Index width, double scale, graph::Index quantum) {
  if (scale == 1 || quantum < 1) return width;
  constexpr double kMost = 1e9;  // beyond any width that a template allows
  const double units = static_cast<double>(width) * scale / static_cast<double>(quantum);
  return quantum * std::max<graph::Index>(1, std::llround(std::min(units, kMost)));
}

void read_image_size(core::ConfigReader& reader, std::string_view key, ImageShape& image) {
  std::vector<graph::Index> sizes;
  if (!reader.one_or_many(key, sizes)) return;
  if (sizes.empty() || sizes.size() > 2) {
    reader.fail(key, "must be a number of pixels or [height, width]");
    return;
  }
  image.height = sizes.front();
  image.width = sizes.back();
}

namespace {

template <typename T>
void spread(core::ConfigReader& reader, std::string_view key, std::size_t stages,
            std::vector<T>& value) {
  reader.one_or_many(key, value);
  if (value.size() == 1) value.assign(stages, T(value.front()));
  if (value.size() == stages) return;
  if (reader.has(key))
    reader.fail(key, "must be one number or one per stage (" + std::to_string(stages) + "), got " +
                         std::to_string(value.size()));
  if (value.empty()) value.push_back(T(1));
  value.resize(stages, T(value.back()));
}

}  // namespace

void read_per_stage(core::ConfigReader& reader, std::string_view key, std::size_t stages,
                    std::vector<graph::Index>& value) {
  spread(reader, key, stages, value);
}

void read_per_stage(core::ConfigReader& reader, std::string_view key, std::size_t stages,
                    std::vector<double>& value) {
  spread(reader, key, stages, value);
}

}  // namespace vitlab::architecture
