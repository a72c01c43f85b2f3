#include "messages/requests.h"

#include <utility>

#include "messages/one_of.h"

namespace vitlab::messages {

core::Json request_json(const Request& request) {
  return OneOf<Request>::write("command", request);
}

Request request_from_json(core::Json json) {
  return OneOf<Request>::read("command", std::move(json), core::JsonPlace("request"));
}

}  // namespace vitlab::messages
