#include "sweep/protocol.h"

#include <algorithm>

#include "sweep/setting_list.h"

namespace vitlab {

// Outside the unnamed namespace, where lookup by argument finds it.
template <typename Visit>
static void visit_settings(const Protocol&, Visit visit) {
  visit("device", &Protocol::device);
  visit("threads", &Protocol::threads);
  visit("batch", &Protocol::batch);
  visit("dtype", &Protocol::dtype);
  visit("deploy", &Protocol::deploy);
  visit("warmup_seconds", &Protocol::warmup_seconds);
  visit("timed_seconds", &Protocol::timed_seconds);
  visit("rounds", &Protocol::rounds);
  visit("min_samples", &Protocol::min_samples);
}

namespace {

bool is_device(std::string_view text) {
  if (text == "cpu" || text == "cuda") return true;
  constexpr std::string_view kNumbered = "cuda:";
  if (!text.starts_with(kNumbered)) return false;
  text.remove_prefix(kNumbered.size());
  return !text.empty() && text.size() <= 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void check_ranges(ConfigReader& reader, const Protocol& p) {
  const auto whole = [&](const char* key, Index value, double high) {
    check_between(reader, key, static_cast<double>(value), 1, high);
  };
  if (!is_device(p.device))
    reader.fail("device", "must be cpu, cuda or cuda:N, got '" + p.device + "'");
  check_choice(reader, "dtype", p.dtype, {"float32", "bfloat16"});
  whole("threads", p.threads, 1024);
  whole("batch", p.batch, 1'000'000);
  whole("rounds", p.rounds, 1000);
  whole("min_samples", p.min_samples, 1'000'000);
  check_between(reader, "warmup_seconds", p.warmup_seconds, 0, 86'400);
  check_between(reader, "timed_seconds", p.timed_seconds, 0, 86'400);
}

}  // namespace

Protocol read_protocol(ConfigReader& reader) {
  Protocol protocol;
  read_settings(reader, protocol);
  reader.finish();
  check_ranges(reader, protocol);
  return protocol;
}

Json protocol_json(const Protocol& protocol, bool with_defaults) {
  return settings_json(protocol, with_defaults);
}

}  // namespace vitlab
