#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace vitlab::core {

/// Both ends of a pipe; neither outlives an exec.
struct Pipe {
  int read = -1, write = -1;
};
/// Throws Failure where no descriptors are left.
Pipe open_pipe();

// What a child's descriptor becomes instead of one of ours.
constexpr int kInherited = -1;
constexpr int kClosed = -2;

/// A program to start.
struct ChildStart {
  std::vector<std::string>
      words;                     // first a path or a name to look for on PATH; never a shell's line
  std::vector<int> descriptors;  // what the child has as 0, 1, 2, …: one of ours, or as above
  bool has_own_group = false;    // the terminal's Ctrl-C does not reach it
  bool ignores_interrupts = false;  // this program decides when it ends
};

/// Starts a program that dies with this one, however that ends; one that cannot be executed ends
/// with exit code 127. Writing to it after its death is an error, not a signal. Throws Failure.
pid_t start_child(const ChildStart& start);

/// Waits for the end of a child: its exit code, or minus the signal that killed it.
int wait_for_child(pid_t child);

/// Kills a child and waits for its end; nothing for pid <= 0.
void end_child(pid_t child);

}  // namespace vitlab::core
