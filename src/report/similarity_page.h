#pragma once

#include <filesystem>
#include <vector>

#include "messages/similarity_answer.h"
#include "report/renderers.h"

namespace vitlab::report {

/// The similarity of a model's heads written up: index.html (one self-contained page, with the
/// attention maps that the answer names in `folder`), similarity.csv, heads_<layer>.svg, and
/// by_depth.svg, head_pairs.svg, head_importance.svg, cross_layer.svg and layer_cka.svg where it
/// has their numbers. The same answer and maps give the same bytes. Throws Failure if a map cannot
/// be read.
std::vector<ReportFile> similarity_files(const messages::SimilarityAnswer& answer,
                                         const std::filesystem::path& folder);

}  // namespace vitlab::report
