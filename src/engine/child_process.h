#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace vitlab::engine {

/// A program under way that is spoken to by its stdin and stdout, its stderr kept for the last
/// words of its own. It ends with the scope, and with this program however that ends.
class ChildProcess {
 public:
  /// The first word is a path, or a name that is looked for on PATH; never a shell's line.
  explicit ChildProcess(const std::vector<std::string>& words);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// All three throw Failure with the last line of stderr when the child has ended, and
  /// Interrupted.
  void write(std::string_view bytes);
  std::string read_line();
  std::string read_bytes(std::size_t count);

 private:
  void fill();
  [[noreturn]] void fail();
  std::string last_words() const;

  std::string name_;
  pid_t pid_ = -1;
  int input_ = -1;   // what the child reads
  int output_ = -1;  // what the child writes
  int errors_ = -1;  // a file in memory
  std::string buffer_;
};

}  // namespace vitlab::engine
