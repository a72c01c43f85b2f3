#include <cstdio>
#include <exception>
#include <iostream>
#include <iterator>
#include <string>

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "engine/events.h"
#include "engine/requests.h"
#include "model/device.h"

namespace vitlab {

namespace {

constexpr RequestKind kRequests[] = {
    {"forward", run_forward_request}, {"train", run_train_request},
    {"profile", run_profile_request}, {"similarity", run_similarity_request},
    {"prune", run_prune_request},     {"export", run_export_request},
    {"doctor", run_doctor_request},   {"work", run_work_request},
    {"measure", run_measure_request}, {"sample", run_sample_request},
};

/// LibTorch's messages carry a stack trace; a user needs the first line.
std::string first_line(const char* text) {
  const std::string message(text);
  return message.substr(0, message.find('\n'));
}

Json answer(const Json& request, Events& events) {
  const auto command = request.value("command", std::string());
  for (const RequestKind& kind : kRequests)
    if (command == kind.command) return kind.run(request, events);
  throw UserError("vitlab-engine: unknown request '" + command + "'");
}

int fail(Events& events, const char* kind, const std::string& message, ExitCode code) {
  events.error(kind, message);
  return static_cast<int>(code);
}

int serve() {
  Events events;
  try {
    const std::string text(std::istreambuf_iterator<char>(std::cin), {});
    events.result(answer(parse_json(text, "request", 256), events));
    return 0;
  } catch (const UserError& error) {
    return fail(events, "user", error.what(), ExitCode::kUsage);
  } catch (const CapabilityError& error) {
    return fail(events, "capability", error.what(), ExitCode::kMissingCapability);
  } catch (const Interrupted& error) {
    return fail(events, "interrupted", error.what(), ExitCode::kInterrupted);
  } catch (const Failure& error) {
    return fail(events, "failure", error.what(), ExitCode::kFailure);
  } catch (const c10::Error& error) {
    return fail(events, "internal", first_line(error.what_without_backtrace()), ExitCode::kFailure);
  } catch (const std::exception& error) {
    return fail(events, "internal", first_line(error.what()), ExitCode::kFailure);
  }
}

}  // namespace

}  // namespace vitlab

int main() {
  vitlab::install_interrupt_handlers();
  return vitlab::serve();
}
