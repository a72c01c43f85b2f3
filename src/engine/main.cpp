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

namespace vitlab::engine {

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

core::Json answer(const core::Json& request, Events& events) {
  const auto command = request.value("command", std::string());
  for (const RequestKind& kind : kRequests)
    if (command == kind.command) return kind.run(request, events);
  throw core::UserError("vitlab-engine: unknown request '" + command + "'");
}

int fail(Events& events, const char* kind, const std::string& message, core::ExitCode code) {
  events.error(kind, message);
  return static_cast<int>(code);
}

int serve() {
  Events events;
  try {
    const std::string text(std::istreambuf_iterator<char>(std::cin), {});
    events.result(answer(core::parse_json(text, "request", 256), events));
    return 0;
  } catch (const core::UserError& error) {
    return fail(events, "user", error.what(), core::ExitCode::kUsage);
  } catch (const core::CapabilityError& error) {
    return fail(events, "capability", error.what(), core::ExitCode::kMissingCapability);
  } catch (const core::Interrupted& error) {
    return fail(events, "interrupted", error.what(), core::ExitCode::kInterrupted);
  } catch (const core::Failure& error) {
    return fail(events, "failure", error.what(), core::ExitCode::kFailure);
  } catch (const c10::Error& error) {
    return fail(events, "internal", first_line(error.what_without_backtrace()),
                core::ExitCode::kFailure);
  } catch (const std::exception& error) {
    return fail(events, "internal", first_line(error.what()), core::ExitCode::kFailure);
  }
}

}  // namespace

}  // namespace vitlab::engine

int main() {
  vitlab::core::install_interrupt_handlers();
  return vitlab::engine::serve();
}
