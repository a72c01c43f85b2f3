#include "messages/events.h"

#include <utility>

#include "messages/one_of.h"

namespace vitlab::messages {

core::Json event_json(const Event& event) { return OneOf<Event>::write("event", event); }

Event event_from_json(core::Json json) {
  return OneOf<Event>::read("event", std::move(json), core::JsonPlace("event"));
}

}  // namespace vitlab::messages
