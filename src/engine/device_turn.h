#pragma once

#include <string>

#include "engine/events.h"
#include "store/device_lock.h"

namespace vitlab::engine {

/// Waits until nobody else of this user times on devices of this class ("cpu", "cuda:0"), and on
/// the CPU until nobody trains or analyses, and keeps them for timing; says in a note what it waits
/// for.
store::DeviceLock alone_on(const std::string& device, Events& events);

/// Waits until nobody of this user times on the CPU and keeps others from timing while untimed work
/// runs.
store::DeviceLock beside_others(Events& events);

}  // namespace vitlab::engine
