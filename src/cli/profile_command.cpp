#include <algorithm>
#include <filesystem>
#include <optional>

#include "cli/command.h"
#include "cli/engine_commands.h"
#include "cli/profile_output.h"
#include "cli/profile_text.h"
#include "core/error.h"
#include "sweep/named_config.h"

namespace vitlab::cli {

namespace {

constexpr double kLeastSeconds = 0.001;

struct ProfileWords {
  ModelWords model;
  std::string protocol, against, trace, out;
  std::int64_t batch = 0, top = 15;
  double seconds = 0;
  bool categories = false;  // answered before the words are parsed: it needs no model
};

void declare(ProfileWords& words, Arguments& arguments) {
  words.model.declare(arguments, {});
  arguments.option("--protocol", "a protocol file; --device, --threads, --batch override it",
                   words.protocol);
  arguments.option("--batch", "images per forward (default: the protocol's, 16)", words.batch,
                   Bounds{1});
  arguments.option("--seconds", "timed seconds (default: the protocol's)", words.seconds,
                   Bounds{kLeastSeconds});
  arguments.option("--top", "how many ops to list", words.top);
  arguments.option("--against", "another model: which is slower, where, and by how much",
                   words.against);
  arguments.option("--trace", "write one profiled forward as a Chrome trace (JSON)", words.trace);
  arguments.option("--out", "a new folder for a page, drawings and tables of it all", words.out);
  arguments.flag("--categories", "print which op is counted in which category, and stop",
                 words.categories);
}

sweep::Protocol protocol_of(const ProfileWords& words) {
  const ModelWords& model = words.model;
  sweep::Protocol protocol;
  protocol.deploy = model.deploy;
  if (!words.protocol.empty()) protocol = sweep::load_protocol(words.protocol);
  if (model.deploy) protocol.deploy = true;
  if (model.device != "cpu") protocol.device = model.device;
  if (model.threads != 0) protocol.threads = model.threads;
  if (model.dtype != "float32") protocol.dtype = model.numbers();
  if (words.batch != 0) protocol.batch = words.batch;
  if (words.seconds != 0) protocol.timed_seconds = words.seconds;
  return protocol;
}

messages::ProfileRequest profile_request(ProfileWords& words, const sweep::Protocol& protocol) {
  if (!words.trace.empty() && std::filesystem::is_directory(words.trace))
    throw core::UserError("--trace " + words.trace + " is a folder; name a file");
  if (!words.out.empty()) check_profile_output(words.out);
  words.model.threads = protocol.threads;
  messages::ProfileRequest request{words.model.runnable(), protocol, words.trace};
  if (!words.against.empty()) {
    ModelWords other;
    other.reference = words.against;
    other.layout = words.model.layout;
    request.against = other.runnable();
  }
  return request;
}

/// Out of memory: the model and the reason; empty if all went well.
std::string memory_trouble(const messages::ProfileAnswer& profile) {
  const auto line = [](const std::string& model, const std::optional<std::string>& reason) {
    return reason ? model + " ran out of memory, " + *reason + "\n" : std::string();
  };
  std::string own = line(profile.setting.model, profile.setting.out_of_memory);
  if (!own.empty() || !profile.against) return own;
  return line(profile.against->model, profile.against->out_of_memory);
}

bool asks_for_categories(const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), "--categories") != words.end();
}

core::ExitCode print_categories(const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), "--json") != words.end())
    print_json(document_of("profile", core::Json{{"categories", categories_json()}}));
  else
    print_text(categories_text());
  return core::ExitCode::kDone;
}

}  // namespace

core::ExitCode run_profile(const std::vector<std::string>& words) {
  ProfileWords asked;
  Arguments arguments(
      "profile", "Measure speed, and where the time goes op by op.",
      {"vitlab profile efficientvit_m4 --threads 1 --batch 16 --deploy",
       "vitlab profile efficientvit_m4 --against deit_tiny --seconds 5",
       "vitlab profile deit_tiny --protocol configs/measure/cpu_1thread_bs16.yaml"});
  asked.model.threads = 0;
  declare(asked, arguments);
  const bool wants_help = std::find(words.begin(), words.end(), "--help") != words.end();
  if (asks_for_categories(words) && !wants_help) return print_categories(words);
  arguments.parse(words);
  const sweep::Protocol protocol = protocol_of(asked);
  const messages::ProfileAnswer profile = ask_engine(profile_request(asked, protocol), "profile");
  const std::string trouble = memory_trouble(profile);
  if (!asked.out.empty()) write_profile_output(profile, asked.out);
  if (asked.model.json) {
    print_json(document_of("profile", core::to_json(profile)));
  } else {
    if (profile.times) print_text(profile_text(profile, asked.top));
    if (!trouble.empty())
      print_text(trouble);
    else if (profile.against)
      print_text(against_text(profile, asked.top));
  }
  return trouble.empty() ? core::ExitCode::kDone : core::ExitCode::kSomeFailed;
}

}  // namespace vitlab::cli
