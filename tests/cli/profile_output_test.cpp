#include "cli/profile_output.h"

#include <fstream>
#include <set>

#include "core/error.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::cli {
namespace {

namespace fs = std::filesystem;

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

messages::ProfileAnswer small_profile() {
  messages::ProfileAnswer profile;
  profile.setting.model = "m";
  profile.times.emplace().categories = {{graph::Category::kOther, 1, 1, 1, 1}};
  return profile;
}

TEST_CASE("a profile is written as a whole folder that did not exist or was empty", "[cli]") {
  const TemporaryFolder temporary;
  const fs::path folder = temporary / "profile";
  write_profile_output(small_profile(), folder);
  CHECK(names_in(folder) == std::set<std::string>{"index.html", "profile.json", "ops.csv",
                                                  "layers.csv", "categories.svg"});
  fs::create_directory(temporary / "empty");
  write_profile_output(small_profile(), temporary / "empty");
  CHECK(names_in(temporary / "empty") == names_in(folder));
  CHECK(names_in(folder.parent_path()) == std::set<std::string>{"profile", "empty"});
}

TEST_CASE("a profile never replaces what is there", "[cli]") {
  const TemporaryFolder temporary;
  const fs::path folder = temporary / "mine";
  fs::create_directory(folder);
  std::ofstream(folder / "mine.txt") << "mine";
  CHECK_THROWS_AS(check_profile_output(folder), core::UserError);
  CHECK_THROWS_AS(write_profile_output(small_profile(), folder), core::UserError);
  CHECK_THROWS_AS(write_profile_output(small_profile(), folder / "mine.txt"), core::UserError);
  CHECK(names_in(folder) == std::set<std::string>{"mine.txt"});
}

}  // namespace
}  // namespace vitlab::cli
