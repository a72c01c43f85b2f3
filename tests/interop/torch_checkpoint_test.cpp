#include "interop/torch_checkpoint.h"

#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>

#include "archive_bytes.h"
#include "core/error.h"
#include "core/files.h"
#include "interop/stored_tensor_file.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::interop {

namespace {

/// {"model": {weight: (2, 3) halves 0, 0.5, …; turned: its transpose; steps: 7}, "epoch": 3}, as
/// tests/oracle/checkpoints.py had torch.save write it.
std::string golden_checkpoint() {
  std::ifstream file(std::string(VITLAB_SOURCE_DIR) + "/tests/golden/state_dict.pth",
                     std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

/// What a checkpoint holds, as one text.
std::string told(const TorchCheckpointView& view) {
  std::string text = view.part + (view.had_module_prefix ? " module" : "") + ":";
  for (const StoredTensor& tensor : view.tensors) {
    text += " " + tensor.name + " " + std::string(stored_type_name(tensor.type));
    for (const std::int64_t size : tensor.shape) text += "," + std::to_string(size);
    text += "=" + std::string(tensor.bytes);
  }
  return text;
}

std::string outcome(const std::string& content) {
  try {
    return told(parse_torch_checkpoint(content, "f.pth"));
  } catch (const core::UserError& error) {
    return error.what();
  }
}

std::string floats(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::string quoted_text(const std::string& text) { return "X" + low_bytes(text.size(), 4) + text; }
std::string int_opcode(std::int64_t value) {
  return "\x8a\x08" + low_bytes(static_cast<std::uint64_t>(value), 8);
}
std::string int_tuple(const std::vector<std::int64_t>& values) {
  std::string text = "(";
  for (const std::int64_t value : values) text += int_opcode(value);
  return text + "t";
}

/// How a pickle spells a tensor; the storage "0" holds 6 floats.
struct SpelledTensor {
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape{6}, strides{1};
  std::int64_t elements = 6;
  std::string kind = "FloatStorage", key = "0";
  std::string more;  // opcodes behind the usual six arguments

  std::string opcodes() const {
    return "ctorch._utils\n_rebuild_tensor_v2\n((" + quoted_text("storage") + "ctorch\n" + kind +
           "\n" + quoted_text(key) + quoted_text("cpu") + int_opcode(elements) + "tQ" +
           int_opcode(offset) + int_tuple(shape) + int_tuple(strides) +
           "\x89"
           "ccollections\nOrderedDict\n)R" +
           more + "tR";
  }
};

std::vector<PackedEntry> entries_of(const std::string& opcodes) {
  return {{"w/data.pkl", "\x80\x02" + opcodes + "."},
          {"w/data/0", floats({0, 1, 2, 3, 4, 5})},
          {"w/version", "3\n"}};
}
std::string checkpoint(const std::string& opcodes) { return packed(entries_of(opcodes)); }
std::string one_tensor(const SpelledTensor& tensor, const std::string& name = "t") {
  return checkpoint("}" + quoted_text(name) + tensor.opcodes() + "s");
}

void refuses_tensor(const SpelledTensor& tensor, const std::string& reason) {
  CHECK_THAT(outcome(one_tensor(tensor)),
             Catch::StartsWith("f.pth") && Catch::Contains("tensor 't' " + reason));
}

}  // namespace

TEST_CASE("a checkpoint of torch.save gives its tensors, transposed ones as dense copies") {
  const std::string content = golden_checkpoint();
  REQUIRE(is_torch_checkpoint(content));
  const TorchCheckpointView view = parse_torch_checkpoint(content, "f");
  CHECK(view.part == "model");
  REQUIRE(view.tensors.size() == 3);
  CHECK(view.tensors[0].name == "weight");
  CHECK(view.tensors[0].shape == std::vector<std::int64_t>{2, 3});
  CHECK(view.tensors[0].bytes == floats({0, 0.5F, 1, 1.5F, 2, 2.5F}));
  CHECK(view.tensors[1].name == "turned");
  CHECK(view.tensors[1].shape == std::vector<std::int64_t>{3, 2});
  CHECK(view.tensors[1].bytes == floats({0, 1.5F, 0.5F, 2, 1, 2.5F}));
  CHECK(view.tensors[2].type == StoredType::kI64);
  CHECK(view.tensors[2].shape.empty());
  CHECK(little_endian(view.tensors[2].bytes) == 7);
}

TEST_CASE("a checkpoint cut short anywhere is refused") {
  const std::string content = golden_checkpoint();
  for (std::size_t length = 0; length < content.size(); ++length)
    CHECK_THROWS_AS(parse_torch_checkpoint(content.substr(0, length), "f"), core::UserError);
}

TEST_CASE("any one bit flipped gives the same tensors or a refusal") {
  const std::string content = golden_checkpoint();
  const std::string expected = outcome(content);
  std::size_t same = 0, refused = 0;
  for (std::size_t bit = 0; bit < 8 * content.size(); ++bit) {
    std::string broken = content;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    const std::string result = outcome(broken);
    const bool is_same = result == expected;
    if (!is_same && !result.starts_with("f.pth")) FAIL("bit " << bit << ": " << result);
    ++(is_same ? same : refused);
  }
  CHECK(same > 1000);     // padding, times, versions
  CHECK(refused > 4000);  // all that is read
}

TEST_CASE("views of a storage come out dense, whatever their strides") {
  const auto values = [](const SpelledTensor& tensor) {
    const std::string content = one_tensor(tensor);
    const TorchCheckpointView view = parse_torch_checkpoint(content, "f");
    std::vector<float> result(view.tensors.at(0).bytes.size() / sizeof(float));
    if (!result.empty())
      std::memcpy(result.data(), view.tensors[0].bytes.data(), view.tensors[0].bytes.size());
    return result;
  };
  using Floats = std::vector<float>;
  CHECK(values({}) == Floats{0, 1, 2, 3, 4, 5});
  CHECK(values({2, {3}, {1}}) == Floats{2, 3, 4});
  CHECK(values({1, {2, 2}, {3, 1}}) == Floats{1, 2, 4, 5});
  CHECK(values({0, {3, 2}, {1, 3}}) == Floats{0, 3, 1, 4, 2, 5});
  CHECK(values({5, {}, {}}) == Floats{5});
  CHECK(values({0, {2, 2}, {0, 1}}) == Floats{0, 1, 0, 1});
  CHECK(values({0, {1, 6}, {INT64_MAX, 1}}) == Floats{0, 1, 2, 3, 4, 5});
  CHECK(values({1, {2, 1, 2}, {2, INT64_MAX, 1}}) == Floats{1, 2, 3, 4});
  CHECK(values({0, {0, 5}, {5, 1}}).empty());
  CHECK(values({INT64_MAX, {0}, {INT64_MAX}}).empty());
}

TEST_CASE("a tensor that leaves its storage or cannot be counted is refused by name") {
  refuses_tensor({1}, "reaches beyond its storage");
  refuses_tensor({0, {7}, {1}}, "reaches beyond");
  refuses_tensor({0, {3, 3}, {2, 1}}, "reaches beyond");
  refuses_tensor({6, {}, {}}, "reaches beyond");
  refuses_tensor({0, {2}, {INT64_MAX}}, "reaches beyond");
  refuses_tensor({INT64_MAX, {2}, {INT64_MAX}}, "reaches beyond");
  refuses_tensor({0, {3, 3}, {INT64_MAX, INT64_MAX}}, "reaches beyond");
  refuses_tensor({0, {INT64_MAX, INT64_MAX}, {0, 0}}, "has more elements than can be counted");
  refuses_tensor({0, {INT64_MAX, 0, INT64_MAX}, {0, 0, 0}}, "has more elements");
  refuses_tensor({0, {1'000'000'000}, {0}}, "repeats numbers");
  refuses_tensor({-1}, "has a size, stride or offset that is not");
  refuses_tensor({0, {-1}, {1}}, "has a size");
  refuses_tensor({0, {6}, {-1}}, "has a size");
  refuses_tensor({0, {6}, {1, 1}}, "has more sizes than strides");
  refuses_tensor({0, std::vector<std::int64_t>(17, 1), std::vector<std::int64_t>(17, 1)},
                 "has more than 16 dimensions");
  refuses_tensor({0, {6}, {1}, 5}, "has a storage of 5 numbers, but");
  refuses_tensor({0, {6}, {1}, INT64_MAX}, "has a storage of");
  refuses_tensor({0, {6}, {1}, 6, "DoubleStorage"}, "has a storage of 6 numbers, but");
  refuses_tensor({0, {6}, {1}, 6, "FloatStorage", "1"}, "has no bytes in the archive");
  refuses_tensor({0, {6}, {1}, 6, "FloatStorage", "../version"}, "has no bytes");
  refuses_tensor({0, {6}, {1}, 6, "FloatStorage", "0", "N"}, "is described by 7 values");
  CHECK_THAT(outcome(one_tensor({0, {6}, {1}, 6, "ShortStorage"})),
             Catch::Contains("'torch.ShortStorage'"));
  CHECK_THAT(outcome(one_tensor({}, std::string(1025, 'n'))), Catch::Contains("1,024"));
}

TEST_CASE("many names for one storage cannot cost more than a few times the file") {
  const std::string storage(600'000 * sizeof(float), 'x');
  SpelledTensor large;
  large.shape = {600'000};
  large.elements = 600'000;
  std::string tied = "}(";
  for (int i = 0; i < 10; ++i) tied += quoted_text("t" + std::to_string(i)) + large.opcodes();
  std::vector<PackedEntry> entries = entries_of(tied + "u");
  entries[1].bytes = storage;
  CHECK_THAT(outcome(packed(entries)), Catch::Contains("repeats numbers"));
}

TEST_CASE("the state dict is found where the usual programs put it") {
  const std::string tensor = SpelledTensor{0, {1}, {1}}.opcodes();
  const auto holding = [&](const std::string& name) {
    return quoted_text(name) + "}" + quoted_text("in_" + name) + tensor + "s";
  };
  const auto found = [](const std::string& items) {
    const std::string content = checkpoint("}(" + items + "u");
    const TorchCheckpointView view = parse_torch_checkpoint(content, "f");
    return view.part + ":" + view.tensors.at(0).name;
  };
  const std::string epoch = quoted_text("epoch") + "K\3";
  CHECK(found(quoted_text("w") + tensor + epoch) == ":w");
  CHECK(found(epoch + holding("state_dict")) == "state_dict:in_state_dict");
  // As timm's loader takes them.
  CHECK(found(holding("model_ema") + holding("state_dict")) == "model_ema:in_model_ema");
  CHECK(found(holding("state_dict_ema") + holding("model")) == "state_dict_ema:in_state_dict_ema");
  CHECK(found(holding("net")) == "net:in_net");
  CHECK(found(holding("model_ema")) == "model_ema:in_model_ema");
  CHECK(found(holding("optimizer") + holding("state_dict_ema")) ==
        "state_dict_ema:in_state_dict_ema");
  CHECK_THAT(outcome(checkpoint("}(" + holding("generator") + epoch + "u")),
             Catch::Contains("'state_dict_ema'") && Catch::Contains("torch.save({k: v for"));
  CHECK_THAT(outcome(checkpoint(tensor)), Catch::Contains("no dict of tensors"));
  CHECK_THAT(outcome(checkpoint("}(" + holding("model") + holding("model") + "u")),
             Catch::Contains("'model' occurs twice"));
  CHECK_THAT(
      outcome(checkpoint("}(" + quoted_text("w") + tensor + quoted_text("w") + tensor + "u")),
      Catch::Contains("'w' occurs twice"));
  CHECK_THAT(outcome(checkpoint("}K\1" + tensor + "s")), Catch::Contains("not named by a text"));
}

TEST_CASE("the prefix that DataParallel puts before every name is left out") {
  const std::string tensor = SpelledTensor{0, {1}, {1}}.opcodes();
  const std::string all =
      "}(" + quoted_text("module.a") + tensor + quoted_text("module.b") + tensor;
  CHECK_THAT(outcome(checkpoint(all + "u")),
             Catch::StartsWith(" module: a F32") && Catch::Contains(" b F32"));
  CHECK_THAT(outcome(checkpoint(all + quoted_text("c") + tensor + "u")),
             Catch::StartsWith(": module.a F32"));
}

TEST_CASE("parameters are their tensors") {
  const std::string tensor = SpelledTensor{0, {1}, {1}}.opcodes();
  const auto parameter = [](const std::string& inner) {
    return "}" + quoted_text("t") + "ctorch._utils\n_rebuild_parameter\n" + inner +
           "\x88"
           "ccollections\nOrderedDict\n)R\x87Rs";
  };
  CHECK(outcome(checkpoint(parameter(tensor))) == outcome(one_tensor({0, {1}, {1}})));
  CHECK_THAT(outcome(checkpoint(parameter("N"))), Catch::Contains("parameter without a tensor"));
}

TEST_CASE("archives of other kinds are refused with the way to convert them") {
  std::vector<PackedEntry> entries =
      entries_of("}" + quoted_text("t") + SpelledTensor{}.opcodes() + "s");
  const auto with = [&](const PackedEntry& entry) {
    std::vector<PackedEntry> more = entries;
    more.push_back(entry);
    return outcome(packed(more));
  };
  CHECK_THAT(with({"w/code/a.py", "x"}),
             Catch::Contains("TorchScript") && Catch::Contains("jit.load"));
  CHECK_THAT(with({"w/constants.pkl", "x"}), Catch::Contains("TorchScript"));
  CHECK_THAT(with({"v/data.pkl", "x"}), Catch::Contains("two data.pkl"));
  CHECK_THAT(with({"w/byteorder", "big"}), Catch::Contains("byte order 'big'"));
  CHECK(with({"w/byteorder", "little"}) == with({"w/other", ""}));
  CHECK_THAT(outcome(packed({{"a.npy", "x"}})), Catch::Contains("without the data.pkl"));
  CHECK_THAT(outcome("\x80\x02\x8a\x0al\xfc\x9c"
                     "F\xf9 j\xa8P\x19."),
             Catch::Contains("before PyTorch 1.6") && Catch::Contains("torch.save(torch.load("));
  CHECK_THAT(outcome(checkpoint("cargparse\nNamespace\n)R")),
             Catch::Contains("'argparse.Namespace'") && Catch::Contains("torch.save({k: v for"));
}

TEST_CASE("a file on disk is read by what it holds, not by its name") {
  const TemporaryFolder folder;
  core::write_file_atomically(folder / "weights.safetensors", golden_checkpoint());
  const StoredTensorFile file(folder / "weights.safetensors");
  CHECK(file.tensors().size() == 3);
  CHECK(file.title() == (folder / "weights.safetensors").string() + " (its 'model')");
}

}  // namespace vitlab::interop
