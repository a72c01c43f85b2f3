#pragma once

#include <filesystem>
#include <vector>

#include "core/json.h"
#include "report/renderers.h"

namespace vitlab::report {

/// The similarity of a model's heads written up, from the JSON of `similarity --json`: index.html
/// (one self-contained page, with the attention maps that the JSON names in `folder`),
/// similarity.json, similarity.csv, heads_<layer>.svg, and by_depth.svg, head_pairs.svg,
/// head_importance.svg, cross_layer.svg and layer_cka.svg where it has their numbers. The same JSON
/// and maps give the same bytes. Throws Failure if a map cannot be read.
std::vector<ReportFile> similarity_files(const core::Json& similarity,
                                         const std::filesystem::path& folder);

}  // namespace vitlab::report
