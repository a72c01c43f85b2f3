#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "messages/events.h"
#include "store/store.h"

namespace vitlab::schedule {

/// One phase of a sweep on this machine: the untimed stages by several engines at once, or the
/// timed ones by one engine that has the device to itself.
struct PhaseRequest {
  std::string plan;  // hash in the store
  bool timed = false;
  int workers = 1;
  /// After so many attempts that died or failed, a stage is given up: its last record says why.
  int attempts = 3;
  bool retry_failed = false;  // failed stages count anew
  std::string run;            // names this run: losses of earlier runs do not count
};

/// What the engines say meanwhile, and the number of the worker that says it.
using OnWorkerEvent = std::function<void(int worker, const messages::Event&)>;

/// Runs engines until nothing is left to do in this phase. An engine that dies costs the stage it
/// was at one attempt (recorded as lost, with the signal) and is replaced. Ctrl-C is passed on
/// once, the engines finish their step, and Interrupted is thrown; whatever was published stays.
void run_phase(const store::Store& store, const PhaseRequest& request,
               const OnWorkerEvent& on_event);

}  // namespace vitlab::schedule
