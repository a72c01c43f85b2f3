#include "core/files.h"

#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/config_node.h"
#include "core/error.h"
#include "temporary_folder.h"
#include "test.hpp"

using namespace vitlab;
using namespace vitlab::core;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& path) { return read_text_file(path, std::size_t{1} << 30); }

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("a file is written whole, replaced whole, and nothing else is left") {
  const TemporaryFolder folder;
  const fs::path path = folder / "a" / "b" / "file";
  write_file_atomically(path, "one");
  CHECK(content(path) == "one");
  write_file_atomically(path, "");
  CHECK(content(path).empty());
  const std::string large(5'000'000, 'x');
  write_file_atomically(path, large);
  CHECK(content(path) == large);
  CHECK(entries(path.parent_path()) == 1);
  const fs::perms open_to_group = fs::perms::group_read;
  const mode_t mask = umask(022);
  write_file_atomically(path, "two");
  umask(mask);
  CHECK((fs::status(path).permissions() & open_to_group) == open_to_group);
}

TEST_CASE("readers see the old or the new content, never a part") {
  const TemporaryFolder folder;
  const fs::path path = folder / "file";
  write_file_atomically(path, std::string(100'000, 'a'));
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::thread reader([&] {
    while (!stop) {
      const std::string text = content(path);
      if (text.size() != 100'000 || text != std::string(text.size(), text[0])) ++torn;
    }
  });
  for (int i = 0; i < 100; ++i) {
    write_file_atomically(path, std::string(100'000, static_cast<char>('a' + i % 26)));
  }
  stop = true;
  reader.join();
  CHECK(torn == 0);
}

TEST_CASE("a failed write names the path and the cause and leaves nothing") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "old");
  CHECK_THROWS_WITH(write_file_atomically(folder / "file" / "below", "x"),
                    Contains("file") && Contains("File exists"));
  fs::create_directory(folder / "taken");
  CHECK_THROWS_WITH(write_file_atomically(folder / "taken", "x"),
                    Contains("taken") && Contains("Is a directory"));
  CHECK_THROWS_AS(write_file_atomically(folder / std::string(300, 'n'), "x"), Failure);
  CHECK(entries(folder.path()) == 2);
}

TEST_CASE("a full disk leaves the old content and no temporary file") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "old");
  const pid_t child = fork();
  if (child == 0) {
    // A limit on the size of files stands for the full disk: write fails half-way.
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file_atomically(folder / "file", std::string(5000, 'x'));
    } catch (const Failure& error) {
      _exit(std::string(error.what()).find("cannot write: File too large") == std::string::npos);
    }
    _exit(2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(content(folder / "file") == "old");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a staged folder appears on commit, whole") {
  const TemporaryFolder folder;
  const fs::path goal = folder / "out" / "model";
  {
    StagedFolder staged(goal);
    write_file_atomically(staged.path() / "sub" / "a.txt", "1");
    CHECK(staged.path().parent_path() == goal.parent_path());
    CHECK_FALSE(fs::exists(goal));
    staged.commit();
    CHECK(content(goal / "sub" / "a.txt") == "1");
    CHECK_THROWS_AS(staged.commit(), std::logic_error);
  }
  CHECK(content(goal / "sub" / "a.txt") == "1");
  CHECK(entries(goal.parent_path()) == 1);
}

TEST_CASE("a staged folder that is not committed vanishes") {
  const TemporaryFolder folder;
  {
    const StagedFolder staged(folder / "model");
    std::ofstream(staged.path() / "a.txt") << "1";
  }
  CHECK(entries(folder.path()) == 0);
}

TEST_CASE("an existing folder is replaced only on request") {
  const TemporaryFolder folder;
  const fs::path goal = folder / "model";
  fs::create_directory(goal);
  std::ofstream(goal / "old.txt") << "old";
  {
    StagedFolder staged(goal);
    CHECK_THROWS_WITH(staged.commit(), Contains("model: exists already"));
  }
  CHECK(fs::exists(goal / "old.txt"));
  CHECK(entries(folder.path()) == 1);
  {
    StagedFolder staged(goal, true);
    std::ofstream(staged.path() / "new.txt") << "new";
    staged.commit();
  }
  CHECK(fs::exists(goal / "new.txt"));
  CHECK_FALSE(fs::exists(goal / "old.txt"));
  CHECK(entries(folder.path()) == 1);
  StagedFolder trailing(folder / "slash/");
  trailing.commit();
  CHECK(fs::is_directory(folder / "slash"));
}

TEST_CASE("the program's folder holds the program") {
  CHECK(fs::exists(program_folder() / "core_test"));
}
