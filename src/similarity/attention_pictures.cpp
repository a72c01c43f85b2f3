#include "similarity/attention_pictures.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <c10/core/InferenceMode.h>

#include "core/error.h"
#include "core/files.h"
#include "data/encode_png.h"

namespace vitlab::similarity {

namespace {

constexpr graph::Index kPictureSide = 112;  // pixels, about

using Colour = std::array<double, 3>;

/// From dark blue over red to light yellow: brightness grows all the way.
Colour colour_of(double share) {
  constexpr std::array<Colour, 4> kStops{
      {{13, 8, 70}, {126, 3, 120}, {226, 100, 60}, {250, 245, 120}}};
  const double place = std::clamp(share, 0.0, 1.0) * (kStops.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(place), kStops.size() - 2);
  const double part = place - static_cast<double>(below);
  Colour colour{};
  for (std::size_t c = 0; c < 3; ++c)
    colour[c] = (1 - part) * kStops[below][c] + part * kStops[below + 1][c];
  return colour;
}

/// Draws a (height, width) map, every pixel of it as a square.
std::string map_png(const at::Tensor& map) {
  const graph::Index height = map.size(0), width = map.size(1);
  const graph::Index side = std::max<graph::Index>(1, kPictureSide / std::max(height, width));
  const double largest = std::max(map.max().item<double>(), 1e-300);
  data::Image image{{height * side, width * side}, {}};
  const auto values = map.accessor<double, 2>();
  for (graph::Index y = 0; y < height * side; ++y)
    for (graph::Index x = 0; x < width * side; ++x)
      for (const double part : colour_of(values[y / side][x / side] / largest))
        image.pixels.push_back(static_cast<std::uint8_t>(std::lround(part)));
  return data::encode_png(image);
}

/// An image (C, H, W) as the model reads it, its values stretched over all brightnesses.
std::string image_png(const at::Tensor& image) {
  const at::Tensor plain = image.to(at::kCPU, at::kDouble);
  const double least = plain.min().item<double>(), most = plain.max().item<double>();
  const at::Tensor bytes = ((plain - least) * (255 / std::max(most - least, 1e-300))).round();
  data::Image picture{{plain.size(1), plain.size(2)}, {}};
  const auto values = bytes.accessor<double, 3>();
  for (graph::Index y = 0; y < plain.size(1); ++y)
    for (graph::Index x = 0; x < plain.size(2); ++x)
      for (graph::Index c = 0; c < 3; ++c)
        picture.pixels.push_back(
            static_cast<std::uint8_t>(values[std::min(c, plain.size(0) - 1)][y][x]));
  return data::encode_png(picture);
}

}  // namespace

at::Tensor attention_received(const TokenGrid& grid, const at::Tensor& maps) {
  const graph::Index tokens = grid.rows * grid.columns, heads = maps.size(1);
  core::ensure(maps.size(0) == grid.windows && maps.size(3) == tokens + grid.class_tokens,
               "the maps of one image");
  const at::Tensor plain = maps.to(at::kCPU, at::kDouble);
  const at::Tensor received = (grid.class_tokens > 0 ? plain.select(2, 0) : plain.mean(2))
                                  .narrow(2, grid.class_tokens, tokens);
  at::Tensor placed = at::zeros({heads, grid.height * grid.width}, at::kDouble);
  for (graph::Index window = 0; window < grid.windows; ++window)
    for (graph::Index token = 0; token < tokens; ++token) {
      const graph::Index place = grid.places[static_cast<std::size_t>(window * tokens + token)];
      if (place >= 0) placed.select(1, place).copy_(received[window].select(1, token));
    }
  return placed.reshape({heads, grid.height, grid.width});
}

std::vector<messages::AttentionPictures> draw_attention(const model::Executor& executor,
                                                        const model::Weights& weights,
                                                        ImageSource& source,
                                                        const std::vector<graph::Index>& numbers,
                                                        const std::filesystem::path& folder) {
  const c10::InferenceMode guard;
  const graph::Graph& graph = executor.graph();
  model::RunOptions options;
  options.taps = true;
  std::vector<messages::AttentionPictures> pictures;
  for (at::Tensor images = source.next(); images.defined(); images = source.next()) {
    const model::RunResult run = executor.run(weights, images, options);
    for (graph::Index i = 0; i < images.size(0); ++i) {
      messages::AttentionPictures picture{.image = numbers.at(pictures.size())};
      const std::string number = std::to_string(picture.image);
      picture.file = "images/" + number + ".png";
      core::write_file_atomically(folder / picture.file, image_png(images[i]));
      for (std::size_t l = 0; l < graph.attention.size(); ++l) {
        const graph::AttentionTap& tap = graph.attention[l];
        const at::Tensor own = run.attention[l].maps.narrow(0, i * tap.windows, tap.windows);
        const at::Tensor received = attention_received(token_grid(graph, tap), own);
        messages::LayerPictures row{.layer = graph.attention_name(tap)};
        for (graph::Index head = 0; head < tap.heads; ++head) {
          const std::string file = "maps/" + number + "_" + graph.attention_name(tap) + "_" +
                                   std::to_string(head) + ".png";
          core::write_file_atomically(folder / file, map_png(received[head]));
          row.files.push_back(file);
        }
        picture.layers.push_back(std::move(row));
      }
      pictures.push_back(std::move(picture));
    }
  }
  return pictures;
}

}  // namespace vitlab::similarity
