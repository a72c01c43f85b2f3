#include "interop/pickle_reader.h"

#include "archive_bytes.h"
#include "core/error.h"
#include "test.hpp"

namespace vitlab::interop {

namespace {

const std::vector<PickleName> kNames{
    {"collections.OrderedDict", true}, {"torch.make", true}, {"torch.FloatStorage", false}};

/// A pickle of protocol 2 with these opcodes, ended by STOP.
std::string spelled(const std::string& opcodes) { return "\x80\x02" + opcodes + "."; }
std::string text_opcode(const std::string& text) { return "X" + low_bytes(text.size(), 4) + text; }

std::string pickle_refusal(const std::string& bytes) {
  try {
    parse_pickle(bytes, kNames, "f");
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "accepted";
}

template <typename T>
T scalar(const std::string& opcodes) {
  const Pickle pickle = parse_pickle(spelled(opcodes), kNames, "f");
  REQUIRE(pickle.get<T>(pickle.root) != nullptr);
  return *pickle.get<T>(pickle.root);
}

const std::string kOrdered = "ccollections\nOrderedDict\n)R";

}  // namespace

TEST_CASE("plain values are what Python spelled") {
  CHECK(scalar<std::int64_t>(std::string("K\xff", 2)) == 255);
  CHECK(scalar<std::int64_t>("M" + low_bytes(65535, 2)) == 65535);
  CHECK(scalar<std::int64_t>("J" + low_bytes(0xfffffffe, 4)) == -2);
  CHECK(scalar<std::int64_t>("\x8a" + low_bytes(0, 1)) == 0);
  CHECK(scalar<std::int64_t>("\x8a\x01\xff") == -1);
  CHECK(scalar<std::int64_t>("\x8a" + low_bytes(6, 1) + low_bytes(std::uint64_t{1} << 40, 6)) ==
        std::int64_t{1} << 40);
  CHECK(scalar<double>("G\x3f" + std::string("\xe0\0\0\0\0\0\0", 7)) == 0.5);
  CHECK(scalar<bool>("\x88"));
  CHECK_FALSE(scalar<bool>("\x89"));
  scalar<std::monostate>("N");
  const std::string bytes = spelled(text_opcode("Grüße"));
  const Pickle pickle = parse_pickle(bytes, kNames, "f");
  CHECK(*pickle.get<std::string_view>(pickle.root) == "Grüße");
}

TEST_CASE("containers hold their items, remembered ones included") {
  const std::string good =
      spelled("}(" + text_opcode("list") + std::string("]q\0(K\1K\2eK\3a", 12) +
              text_opcode("again") + std::string("h\0u", 3) + text_opcode("one") + "K\1\x85s");
  const Pickle pickle = parse_pickle(good, kNames, "f");
  const auto& dict = *pickle.get<PickleDict>(pickle.root);
  REQUIRE(dict.items.size() == 3);
  CHECK(pickle.get<PickleList>(dict.items[0].second)->items.size() == 3);
  CHECK(dict.items[0].second == dict.items[1].second);
  CHECK(pickle.get<PickleTuple>(dict.items[2].second)->items.size() == 1);
}

TEST_CASE("a call is noted, not made; only functions that are allowed can be called") {
  const std::string bytes = spelled("ctorch\nmake\nK\1\x85R");
  const Pickle pickle = parse_pickle(bytes, kNames, "f");
  CHECK(pickle.get<PickleCall>(pickle.root)->function == "torch.make");
  CHECK(scalar<PickleDict>(kOrdered).is_ordered);
  CHECK_THAT(pickle_refusal(spelled("ctorch\nFloatStorage\n)R")), Catch::Contains("no function"));
  CHECK_THAT(pickle_refusal(spelled("K\1)R")), Catch::Contains("no function"));
  CHECK_THAT(pickle_refusal(spelled("ctorch\nmake\nK\1R")), Catch::Contains("no function"));
  CHECK_THAT(pickle_refusal(spelled("ccollections\nOrderedDict\n]\x85R")),
             Catch::Contains("made from something"));
}

TEST_CASE("names that are not allowed are refused with name and place") {
  CHECK(pickle_refusal(spelled("K\1cos\nsystem\n" + text_opcode("id") + "\x85R")) ==
        "f, byte 4: the name 'os.system' is not among those that tensors need");
  for (const char* name : {"posix\nsystem", "builtins\neval", "torch\nFloatStorag", "torch.\nmake",
                           "\n", "torch\nmake.__globals__"})
    CHECK_THAT(pickle_refusal(spelled("c" + std::string(name) + "\n)R")),
               Catch::Contains("byte 2: the name"));
}

TEST_CASE("only a state dict may be given a state, and only its metadata") {
  const std::string metadata = "}" + text_opcode("_metadata") + kOrdered + "s";
  CHECK(pickle_refusal(spelled(kOrdered + metadata + "b")) == "accepted");
  CHECK_THAT(pickle_refusal(spelled("}" + metadata + "b")), Catch::Contains("BUILD"));
  CHECK_THAT(pickle_refusal(spelled("ctorch\nmake\n)R" + metadata + "b")),
             Catch::Contains("a dict is missing"));
  CHECK_THAT(pickle_refusal(spelled(kOrdered + "}" + text_opcode("__class__") + "Nsb")),
             Catch::Contains("BUILD"));
}

TEST_CASE("every other opcode is refused by its name or code") {
  const std::string read("N\x88\x89KMJ\x8aGX)\x85\x86\x87t]}(aesuqrhjcRbQ.");
  for (int code = 0; code < 256; ++code) {
    if (read.find(static_cast<char>(code)) != std::string::npos) continue;
    CHECK_THAT(pickle_refusal(spelled(std::string(1, static_cast<char>(code)))),
               Catch::Contains("byte 2: the opcode"));
  }
  CHECK_THAT(pickle_refusal(spelled("\x81")), Catch::Contains("opcode NEWOBJ is"));
  CHECK_THAT(pickle_refusal(spelled("i")), Catch::Contains("opcode INST is"));
  CHECK_THAT(pickle_refusal(spelled("\xee")), Catch::Contains("opcode 0xee is"));
}

TEST_CASE("what Python would not write is refused, and nothing costs more than its bytes") {
  const auto refuses = [](const std::string& bytes, const std::string& reason) {
    CHECK_THAT(pickle_refusal(bytes), Catch::Contains(reason));
  };
  refuses("", "cut short");
  refuses("\x80\x04N.", "protocol 2");
  refuses("\x80\x02N", "cut short");
  refuses(spelled("N") + "N", "follows its end");
  refuses(spelled(""), "a value is missing");
  refuses(spelled("NN"), "left over");
  refuses(spelled("(N"), "left over");
  refuses(spelled("t"), "a mark is missing");
  refuses(spelled("N("), "a value is missing");
  refuses(spelled("N(\x85"), "a value is missing");
  refuses(spelled("]NNs"), "a dict is missing");
  refuses(spelled("](NNs"), "a value is missing");
  refuses(spelled(std::string("h\0", 2)), "never remembered");
  refuses(spelled("}(Nu"), "no value");
  refuses(spelled("}Na"), "a list is missing");
  refuses(spelled("Nr" + low_bytes(0xffffffff, 4)), "too large");
  refuses(spelled(std::string("Nq\1", 3)), "too large");
  refuses(spelled("X" + low_bytes(0xffffffff, 4)), "cut short");
  refuses(spelled(text_opcode("\xff")), "UTF-8");
  refuses(spelled("\x8a\x09" + std::string(9, 'x')), "64 bits");
  refuses(spelled(std::string(2000, '(')), "nested");
  refuses("\x80\x02" + std::string(kMaxPickleValues + 1, 'N'), "4,000,000");
  refuses(std::string(kMaxPickleBytes + 1, 'N'), "64,000,000");
}

TEST_CASE("values that hold each other a million deep or a billion times cost nothing") {
  std::string doubled = ")" + std::string("q\0", 2);
  for (int i = 0; i < 60; ++i) doubled += std::string("h\0h\0\x86q\0", 7);
  CHECK(pickle_refusal(spelled(doubled)) ==
        "f, byte " + std::to_string(doubled.size() + 2) + ": values are left over at its end");
  std::string deep = ")";
  deep.append(1'000'000, '\x85');
  CHECK(pickle_refusal(spelled(deep)) == "accepted");
  // A list that holds itself.
  CHECK(pickle_refusal(spelled(std::string("]q\0h\0a", 6))) == "accepted");
}

}  // namespace vitlab::interop
