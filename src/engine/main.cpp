#include <cstdio>
#include <exception>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "engine/events.h"
#include "engine/requests.h"
#include "model/device.h"

namespace vitlab::engine {

namespace {

/// LibTorch's messages carry a stack trace; a user needs the first line.
std::string first_line(const char* text) {
  const std::string message(text);
  return message.substr(0, message.find('\n'));
}

core::Json answer_json(core::Json json, Events& events) {
  return std::visit(
      [&]<typename Request>(const Request& request) {
        const typename Request::Answer answer = engine::answer(request, events);
        return core::to_json(answer);
      },
      messages::request_from_json(std::move(json)));
}

int fail(Events& events, messages::ErrorKind kind, const std::string& message,
         core::ExitCode code) {
  events.send(messages::Error{kind, message});
  return static_cast<int>(code);
}

int serve() {
  Events events;
  try {
    const std::string text(std::istreambuf_iterator<char>(std::cin), {});
    events.send(messages::Result{answer_json(core::parse_json(text, "request", 256), events)});
    return 0;
  } catch (const core::UserError& error) {
    return fail(events, messages::ErrorKind::kUser, error.what(), core::ExitCode::kUsage);
  } catch (const core::CapabilityError& error) {
    return fail(events, messages::ErrorKind::kCapability, error.what(),
                core::ExitCode::kMissingCapability);
  } catch (const core::Interrupted& error) {
    return fail(events, messages::ErrorKind::kInterrupted, error.what(),
                core::ExitCode::kInterrupted);
  } catch (const core::Failure& error) {
    return fail(events, messages::ErrorKind::kFailure, error.what(), core::ExitCode::kFailure);
  } catch (const c10::Error& error) {
    return fail(events, messages::ErrorKind::kInternal, first_line(error.what_without_backtrace()),
                core::ExitCode::kFailure);
  } catch (const std::exception& error) {
    return fail(events, messages::ErrorKind::kInternal, first_line(error.what()),
                core::ExitCode::kFailure);
  }
}

}  // namespace

}  // namespace vitlab::engine

int main() {
  vitlab::core::install_interrupt_handlers();
  return vitlab::engine::serve();
}
