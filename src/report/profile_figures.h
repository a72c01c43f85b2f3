#pragma once

#include <string>
#include <vector>

#include "messages/profile_answer.h"
#include "report/figures.h"

namespace vitlab::report {

/// The six categories of time in the paper's order; charts number their colours by it.
const std::vector<std::string>& time_categories();

// Figures of one profile; one without the numbers that it needs has empty drawings.

/// Every op under the roofs of the machine. `name` is the model's, `figure_name` the drawing's.
Figure roofline_figure(const messages::ProfileTimes& profile, const std::string& name,
                       const std::string& figure_name);
/// The model's categories of time as one bar.
Figure categories_figure(const messages::ProfileTimes& profile, const std::string& name);
/// Where the time goes by stage and by kind of layer, as shares of the whole.
Figure groups_figure(const messages::ProfileTimes& profile);
/// Memory at each op, predicted against measured.
Figure memory_figure(const messages::ProfileTimes& profile);

/// "softmax 3.1 %, gelu 2.0 %": what "other" consists of; "" if nothing.
std::string others_text(const messages::ProfileTimes& profile);

}  // namespace vitlab::report
