#include "engine/device_turn.h"

#include "sweep/plan.h"

namespace vitlab {

namespace {

DeviceLock turn_on(const std::string& device, DeviceLock::Use use, Events& events) {
  return {device, use, [&](const std::string& what) {
            events.send({{"event", "note"}, {"note", "waits for " + what}});
          }};
}

}  // namespace

DeviceLock alone_on(const std::string& device, Events& events) {
  return turn_on(device_class(device), DeviceLock::Use::kExclusive, events);
}

DeviceLock beside_others(Events& events) {
  return turn_on("cpu", DeviceLock::Use::kShared, events);
}

}  // namespace vitlab
