#include "store/process_identity.h"

#include <array>
#include <charconv>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "core/error.h"
#include "core/hash.h"

namespace vitlab::store {
namespace {

struct ProcessState {
  char state = '?';
  std::int64_t start_ticks = 0;
};

/// The process name in field 2 may hold spaces and parentheses, so fields count from the last ')'.
std::optional<ProcessState> read_process_state(std::int64_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  ProcessState result;
  fields >> result.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> result.start_ticks;
  if (!fields) return std::nullopt;
  return result;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string own_pid_namespace() {
  std::array<char, 64> target{};
  const ssize_t length = readlink("/proc/self/ns/pid", target.data(), target.size());
  return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : "";
}

/// The machine's part is read once; pid and start time anew, because a fork keeps the cache.
const ProcessIdentity& this_machine() {
  static const ProcessIdentity machine{.host = host_name(),
                                       .boot_id = first_line("/proc/sys/kernel/random/boot_id"),
                                       .pid_namespace = own_pid_namespace()};
  return machine;
}

std::string machine_code() {
  const ProcessIdentity& machine = this_machine();
  return core::sha256(machine.host + "|" + machine.boot_id + "|" + machine.pid_namespace)
      .substr(0, 8);
}

Liveness liveness_here(std::int64_t pid, std::int64_t start_ticks) {
  const auto state = read_process_state(pid);
  if (!state || state->state == 'Z' || state->state == 'X') return Liveness::kDead;
  return state->start_ticks == start_ticks ? Liveness::kAlive : Liveness::kDead;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split_at_dashes(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dash = text.find('-');
    parts.push_back(text.substr(0, dash));
    if (dash == std::string_view::npos) return parts;
    text.remove_prefix(dash + 1);
  }
}

}  // namespace

ProcessIdentity this_process() {
  ProcessIdentity result = this_machine();
  result.pid = getpid();
  const auto state = read_process_state(result.pid);
  if (!state) result.boot_id.clear();  // without /proc nobody can check us: others wait the lease
  result.start_ticks = state ? state->start_ticks : 0;
  return result;
}

Liveness liveness(const ProcessIdentity& process) {
  const ProcessIdentity& here = this_machine();
  const bool same_machine = !here.boot_id.empty() && process.host == here.host &&
                            process.boot_id == here.boot_id &&
                            process.pid_namespace == here.pid_namespace;
  return same_machine ? liveness_here(process.pid, process.start_ticks) : Liveness::kUnknown;
}

std::string new_nonce() {
  thread_local std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

std::string new_writer_tag() {
  const ProcessIdentity writer = this_process();
  return fmt::format("{}-{}-{}-{}", machine_code(), writer.pid, writer.start_ticks, new_nonce());
}

Liveness writer_liveness(std::string_view tag) {
  const auto parts = split_at_dashes(tag);
  if (parts.size() != 4 || parts[0] != machine_code()) return Liveness::kUnknown;
  const auto pid = whole_number(parts[1]);
  const auto start_ticks = whole_number(parts[2]);
  if (!pid || !start_ticks || this_machine().boot_id.empty()) return Liveness::kUnknown;
  return liveness_here(*pid, *start_ticks);
}

}  // namespace vitlab::store
