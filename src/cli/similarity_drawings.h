#pragma once

#include <string>
#include <vector>

#include "core/json.h"

namespace vitlab {

/// A drawing of `vitlab similarity`: an SVG element, the file that it stands alone in, a heading.
struct SimilarityDrawing {
  std::string file, heading, svg;
};

/// Cosines by depth with the shuffled-image null as a band; nothing without cosines.
std::vector<SimilarityDrawing> depth_drawings(const Json& document);
/// Heads x heads of each layer: every matrix that the layer holds whose values are shares.
std::vector<SimilarityDrawing> pair_drawings(const Json& document);
/// What a head is worth (loss when it is removed, else its gate importance) against how much it
/// resembles the others; nothing where neither is known.
std::vector<SimilarityDrawing> importance_drawings(const Json& document);
/// Layers x layers: cosine of maps across layers, CKA of what layers give out.
std::vector<SimilarityDrawing> layer_map_drawings(const Json& document);

}  // namespace vitlab
