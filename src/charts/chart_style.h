#pragma once

#include <string>
#include <string_view>

namespace vitlab::charts {

/// Colours of pages and drawings as custom properties, for the light and the dark scheme, scoped to
/// `selector`. Series take Okabe and Ito's colours (2008), which colour-blind readers can tell.
std::string colour_style(std::string_view selector);

/// How the classes of drawings look.
std::string_view chart_style();

/// A drawing that stands alone in a file, with its colours inside.
std::string stand_alone(const std::string& svg);

}  // namespace vitlab::charts
