#include "engine/device_turn.h"

#include "sweep/plan.h"

namespace vitlab::engine {

namespace {

store::DeviceLock turn_on(const std::string& device, store::DeviceLock::Use use, Events& events) {
  return {device, use,
          [&](const std::string& what) { events.send(messages::Note{"waits for " + what}); }};
}

}  // namespace

store::DeviceLock alone_on(const std::string& device, Events& events) {
  return turn_on(sweep::device_class(device), store::DeviceLock::Use::kExclusive, events);
}

store::DeviceLock beside_others(Events& events) {
  return turn_on("cpu", store::DeviceLock::Use::kShared, events);
}

}  // namespace vitlab::engine
