#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "messages/similarity_answer.h"
#include "model/executor.h"
#include "similarity/image_source.h"
#include "similarity/token_grid.h"

namespace vitlab::similarity {

/// How much each pixel of the layer's map is attended to, (heads, height, width) in float64, from
/// the maps (windows, heads, queries, keys) of one image: by the first class token where there is
/// one, else by the tokens of its window on average. Padding is left out.
at::Tensor attention_received(const TokenGrid& grid, const at::Tensor& maps);

/// Writes each image as images/<number>.png and, per attention layer and head, what is attended to
/// as maps/<number>_<layer>_<head>.png under `folder`, each with its own largest value as the
/// brightest colour. `numbers` name the source's images in its order.
std::vector<messages::AttentionPictures> draw_attention(const model::Executor& executor,
                                                        const model::Weights& weights,
                                                        ImageSource& source,
                                                        const std::vector<graph::Index>& numbers,
                                                        const std::filesystem::path& folder);

}  // namespace vitlab::similarity
