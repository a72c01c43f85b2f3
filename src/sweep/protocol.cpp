#include "sweep/protocol.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/config_fields.h"
#include "core/json_fields.h"

namespace vitlab::sweep {

namespace {

bool is_device(std::string_view text) {
  if (text == "cpu" || text == "cuda") return true;
  constexpr std::string_view kNumbered = "cuda:";
  if (!text.starts_with(kNumbered)) return false;
  text.remove_prefix(kNumbered.size());
  return !text.empty() && text.size() <= 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void check_ranges(core::ConfigReader& reader, const Protocol& p) {
  const auto whole = [&](const char* key, graph::Index value, double high) {
    core::check_between(reader, key, static_cast<double>(value), 1, high);
  };
  if (!is_device(p.device))
    reader.fail("device", "must be cpu, cuda or cuda:N, got '" + p.device + "'");
  core::check_word(reader, "dtype", std::string(core::word_of(p.dtype)),
                   graph::dtype_words(&graph::DtypeRow::is_timed));
  whole("threads", p.threads, 1024);
  whole("batch", p.batch, 1'000'000);
  whole("rounds", p.rounds, 1000);
  whole("min_samples", p.min_samples, 1'000'000);
  core::check_between(reader, "warmup_seconds", p.warmup_seconds, 0, 86'400);
  core::check_between(reader, "timed_seconds", p.timed_seconds, 0, 86'400);
}

/// Files for other programs hold float32 and are run where those programs are installed.
void check_runtime(core::ConfigReader& reader, const Protocol& p) {
  if (p.runtime == Runtime::kLibtorch) return;
  const std::string name(core::word_of(p.runtime));
  if (p.dtype != graph::Dtype::kFloat32)
    reader.fail("runtime",
                name + " is measured in float32, got dtype " + std::string(core::word_of(p.dtype)));
  if (p.runtime == Runtime::kOnnxruntime && p.device != "cpu")
    reader.fail("runtime", "onnxruntime is measured on the cpu, got device " + p.device);
  if (p.flush_subnormals) reader.fail("flush_subnormals", "is for runtime libtorch, got " + name);
}

Protocol read_one(core::ConfigReader reader) {
  Protocol protocol;
  core::read_fields(reader, protocol);
  reader.finish();
  check_ranges(reader, protocol);
  check_runtime(reader, protocol);
  return protocol;
}

// In the order of their loops, the outermost first.
constexpr std::array kListed{"runtime", "dtype", "deploy", "threads", "batch"};
constexpr std::size_t kMostProtocols = 1000;

bool is_listed(const core::ConfigNode& node) {
  return node.is_sequence() || (node.is_map() && node.key == "batch");
}

core::ConfigNode scalar_entry(const core::ConfigNode& entry, std::string text, core::Place place) {
  core::ConfigNode item = entry;
  item.kind = core::ConfigNode::Kind::kScalar;
  item.items.clear();
  item.scalar = std::move(text);
  item.place = place;
  return item;
}

/// {powers_of_two_up_to: N} as entries of one batch each.
std::vector<core::ConfigNode> powers_of_two(core::ConfigReader& reader,
                                            const core::ConfigNode& entry) {
  constexpr const char* kKey = "powers_of_two_up_to";
  core::ConfigReader range = reader.child_of(entry, reader.path_of("batch"));
  graph::Index last = 1;
  range.required(kKey, last);
  range.finish();
  core::check_between(range, kKey, static_cast<double>(last), 1, 1'000'000);
  std::vector<core::ConfigNode> items;
  for (graph::Index batch = 1; batch <= std::min<graph::Index>(last, 1'000'000); batch *= 2)
    items.push_back(scalar_entry(entry, std::to_string(batch), entry.place));
  if (items.empty()) items.push_back(scalar_entry(entry, "1", entry.place));
  return items;
}

/// What stands for the entry in each of the protocols that it makes.
std::vector<core::ConfigNode> alternatives(core::ConfigReader& reader,
                                           const core::ConfigNode& entry) {
  if (entry.is_map()) return powers_of_two(reader, entry);
  std::vector<core::ConfigNode> items;
  for (const core::ConfigNode& item : entry.items) {
    items.push_back(item);
    items.back().key = entry.key;
    items.back().key_place = entry.key_place;
  }
  if (items.empty()) reader.fail(entry.key, "must hold at least one value");
  return items;
}

/// One map of settings for each item of a list under `key`, for each of the maps so far.
std::vector<core::ConfigNode> spread_out(core::ConfigReader& reader,
                                         std::vector<core::ConfigNode> maps, std::string_view key) {
  const core::ConfigNode* listed = reader.self().entry(key);
  if (listed == nullptr || !is_listed(*listed)) return maps;
  const std::vector<core::ConfigNode> items = alternatives(reader, *listed);
  if (items.size() * maps.size() > kMostProtocols) {
    reader.fail(key, "makes more than " + std::to_string(kMostProtocols) + " protocols");
    return {};
  }
  std::vector<core::ConfigNode> all;
  for (const core::ConfigNode& map : maps) {
    for (const core::ConfigNode& item : items) {
      all.push_back(map);
      for (core::ConfigNode& entry : all.back().items)
        if (entry.key == key) entry = item;
    }
  }
  return all;
}

}  // namespace

std::optional<Runtime> runtime_of_extension(std::string_view extension) {
  for (const RuntimeRow& row : kRuntimes)
    if (!extension.empty() && row.extension == extension) return row.value;
  return std::nullopt;
}

std::string runtime_label(const Protocol& protocol) {
  return std::string(core::choice_row(protocol.runtime).label) + (protocol.deploy ? "" : "-eager");
}

std::vector<Protocol> read_protocols(core::ConfigReader& reader) {
  std::vector<core::ConfigNode> maps{reader.self()};
  for (const char* key : kListed) maps = spread_out(reader, std::move(maps), key);
  std::vector<Protocol> protocols;
  for (const core::ConfigNode& map : maps) {
    Protocol protocol = read_one(core::ConfigReader(map, reader.problems(), reader.path()));
    if (std::find(protocols.begin(), protocols.end(), protocol) == protocols.end())
      protocols.push_back(std::move(protocol));
  }
  return protocols;
}

Protocol read_protocol(core::ConfigReader& reader) {
  const std::vector<Protocol> protocols = read_protocols(reader);
  if (protocols.size() == 1) return protocols.front();
  for (const char* key : kListed) {
    const core::ConfigNode* entry = reader.self().entry(key);
    if (entry != nullptr && is_listed(*entry))
      reader.fail(key, "makes several protocols; one is needed here, so give one value");
  }
  return {};
}

core::Json protocol_json(const Protocol& protocol, bool with_defaults) {
  return with_defaults ? core::to_json_with_defaults(protocol) : core::to_json(protocol);
}

}  // namespace vitlab::sweep
