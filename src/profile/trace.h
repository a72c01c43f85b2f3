#pragma once

#include "profile/profile.h"

namespace vitlab::profile {

/// The forward that the profile saw as a Chrome trace, which chrome://tracing and Perfetto open: a
/// track of nodes (with layer, category, bytes and MACs), one of LibTorch's ops inside them, one a
/// stream of the device. Times are of the observed forward, in microseconds from its first node.
core::Json chrome_trace(const ProfileResult& result);

}  // namespace vitlab::profile
