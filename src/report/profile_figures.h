#pragma once

#include <string>

#include "report/figures.h"
#include "report/profile_facts.h"

namespace vitlab::report {

// Figures of one profile; one without the numbers that it needs has empty drawings.

/// Every op under the roofs of the machine. `name` is the model's, `figure_name` the drawing's.
Figure roofline_figure(const ProfileFacts& facts, const std::string& name,
                       const std::string& figure_name);
/// The model's categories of time as one bar.
Figure categories_figure(const ProfileFacts& facts, const std::string& name);
/// Where the time goes by stage and by kind of layer, as shares of the whole.
Figure groups_figure(const ProfileFacts& facts);
/// Memory at each op, predicted against measured.
Figure memory_figure(const ProfileFacts& facts);

/// "softmax 3.1 %, gelu 2.0 %": what "other" consists of; "" if nothing.
std::string others_text(const ProfileFacts& facts);

}  // namespace vitlab::report
