#pragma once

namespace vitlab::core {

/// Installs handlers for SIGINT, SIGTERM and SIGUSR1: the first sets a flag, the second SIGINT ends
/// the program at once with exit code 130. Handlers only set flags.
void install_interrupt_handlers();

/// Whether a signal asked to stop after the step under way.
bool interrupt_requested();

/// Throws Interrupted if a signal asked to stop.
void check_interrupt();

}  // namespace vitlab::core
