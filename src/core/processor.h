#pragma once

#include <string>

namespace vitlab::core {

/// The name of this machine's processor, as Linux gives it; its architecture where it gives none.
std::string processor_name();

}  // namespace vitlab::core
