#pragma once

#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "temporary_folder.h"

namespace vitlab {

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What a program printed and how it ended: its exit code, or minus the signal that killed it.
struct Ran {
  int code = 0;
  std::string out, err;
};

/// A program under way, with its words; its stdout and stderr go to files.
class RunningProgram {
 public:
  RunningProgram(const std::vector<std::string>& words, const std::filesystem::path& folder,
                 const std::map<std::string, std::string>& environment = {}) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const std::string out = files_ / "out", err = files_ / "err";
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ > 0) return;
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    dup2(open(out.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600), STDERR_FILENO);
    if (chdir(folder.c_str()) == 0) execv(arguments[0], arguments.data());
    _exit(126);
  }
  ~RunningProgram() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal) const { kill(pid_, signal); }

  /// Waits for the end.
  Ran finish() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return {WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status), text_of(files_ / "out"),
            text_of(files_ / "err")};
  }
  bool is_running() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
  }

  /// The processes that this one started and that still run.
  std::vector<pid_t> children() const {
    const std::string pid = std::to_string(pid_);
    std::istringstream list(text_of("/proc/" + pid + "/task/" + pid + "/children"));
    std::vector<pid_t> result;
    for (pid_t child = 0; list >> child;) result.push_back(child);
    return result;
  }

 private:
  TemporaryFolder files_;
  pid_t pid_ = -1;
};

inline Ran run_program(const std::vector<std::string>& words, const std::filesystem::path& folder,
                       const std::map<std::string, std::string>& environment = {}) {
  return RunningProgram(words, folder, environment).finish();
}

}  // namespace vitlab
