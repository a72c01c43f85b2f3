#include "interop/safetensors.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/json_fields.h"
#include "core/text.h"

namespace vitlab::interop {

namespace {

constexpr std::size_t kPrefixBytes = 8;

/// What the header says of a tensor.
struct TensorHeader {
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::vector<std::uint64_t> data_offsets;

  static constexpr auto fields() {
    return std::tuple{core::required("dtype", &TensorHeader::dtype),
                      core::required("shape", &TensorHeader::shape),
                      core::required("data_offsets", &TensorHeader::data_offsets)};
  }
};

/// A tensor of the header and where its bytes lie behind the header.
struct Entry {
  StoredTensor tensor;
  std::uint64_t begin = 0, end = 0;
};

class Parser {
 public:
  Parser(std::string_view content, const std::string& source)
      : content_(content), source_(source) {}

  SafetensorsView parse() {
    const std::string_view header = header_text();
    const core::Json json = core::parse_json(header, source_ + ": header", 8);
    if (json.size() > kMaxTensorCount) fail("more than 1,000,000 tensors");
    std::vector<Entry> entries;
    SafetensorsView view;
    for (const auto& [key, value] : json.items()) {
      if (key == "__metadata__")
        view.metadata = metadata(value);
      else
        entries.push_back(entry(key, value));
    }
    const std::string_view data = content_.substr(kPrefixBytes + header.size());
    for (Entry& each : placed(std::move(entries), data)) view.tensors.push_back(each.tensor);
    return view;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw core::UserError(invalid() + reason);
  }
  [[noreturn]] void fail(const std::string& name, const std::string& reason) const {
    fail("tensor " + core::quoted_clip(name) + " " + reason);
  }

  std::string invalid() const { return source_ + " is not a valid safetensors file: "; }

  std::string_view header_text() const {
    if (content_.size() < kPrefixBytes)
      fail("it has " + std::to_string(content_.size()) +
           " bytes, fewer than the 8 of the header's "
           "length");
    const std::uint64_t length = little_endian(content_.substr(0, kPrefixBytes));
    if (length > kMaxSafetensorsHeader)
      fail("the header claims " + std::to_string(length) + " bytes, more than 100,000,000");
    if (length > content_.size() - kPrefixBytes)
      fail("the header claims " + std::to_string(length) + " bytes, but only " +
           std::to_string(content_.size() - kPrefixBytes) + " follow: the file is cut short");
    const std::string_view header = content_.substr(kPrefixBytes, length);
    if (header.empty() || header.front() != '{') fail("the header does not start with '{'");
    if (!core::is_utf8(header)) fail("the header is not UTF-8");
    return header;
  }

  Metadata metadata(const core::Json& json) const {
    if (!json.is_object()) fail("__metadata__ is not a map of texts");
    Metadata result;
    for (const auto& [key, value] : json.items()) {
      if (!value.is_string()) fail("__metadata__ " + core::quoted_clip(key) + " is not a text");
      result[key] = value.get<std::string>();
    }
    return result;
  }

  Entry entry(const std::string& name, const core::Json& json) const {
    if (name.size() > kMaxTensorNameBytes) fail(name, "has a name of more than 1,024 bytes");
    const core::JsonPlace place(invalid() + "tensor " + core::quoted_clip(name));
    const auto header = core::from_json<TensorHeader>(json, place);
    Entry result;
    result.tensor.name = name;
    if (!stored_type_from_name(header.dtype, result.tensor.type))
      fail(name, "has the dtype " + core::quoted_clip(header.dtype) +
                     ", which is none of F64, F32, F16, BF16, I64, I32, U8, BOOL");
    if (header.shape.size() > kMaxTensorRank) fail(name, "has more than 16 dimensions");
    for (std::size_t i = 0; i < header.shape.size(); ++i)
      if (header.shape[i] < 0) place.key("shape").item(i).refuse("must not be negative");
    result.tensor.shape = header.shape;
    if (header.data_offsets.size() != 2) fail(name, "does not have two data_offsets");
    result.begin = header.data_offsets[0];
    result.end = header.data_offsets[1];
    if (result.end < result.begin) fail(name, "ends before it begins");
    if (result.end >> 63 != 0) place.key("data_offsets").item(1).refuse("is out of range");
    return result;
  }

  std::uint64_t byte_count(const StoredTensor& tensor) const {
    std::uint64_t count = 0;
    if (!count_bytes(tensor.type, tensor.shape, count))
      fail(tensor.name, "has more elements than can be counted");
    return count;
  }

  /// Tensors laid end to end from the first byte to the last; one without elements takes no bytes
  /// and may stand at any border.
  std::vector<Entry> placed(std::vector<Entry> entries, std::string_view data) const {
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t position = 0;
    for (Entry& each : entries) {
      const std::string& name = each.tensor.name;
      if (each.begin < position) fail(name, "overlaps the tensor before it");
      if (each.begin > position) fail(name, "leaves a hole before it");
      if (each.end - each.begin != byte_count(each.tensor))
        fail(name, "takes " + std::to_string(each.end - each.begin) +
                       " bytes, but its shape and "
                       "dtype need " +
                       std::to_string(byte_count(each.tensor)));
      if (each.end > data.size()) fail(name, "ends behind the end of the file: it is cut short");
      each.tensor.bytes = data.substr(each.begin, each.end - each.begin);
      position = each.end;
    }
    if (position != data.size())
      fail(std::to_string(data.size() - position) + " bytes follow the last tensor");
    return entries;
  }

  std::string_view content_;
  const std::string& source_;
};

}  // namespace

SafetensorsView parse_safetensors(std::string_view content, const std::string& source) {
  return Parser(content, source).parse();
}

std::string safetensors_bytes(std::vector<StoredTensor> tensors, const Metadata& metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const StoredTensor& a, const StoredTensor& b) {
    const std::size_t wide = stored_type_bytes(a.type), other = stored_type_bytes(b.type);
    return wide != other ? wide > other : a.name < b.name;
  });
  core::Json header = core::Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t position = 0;
  for (const StoredTensor& tensor : tensors) {
    core::ensure(!header.contains(tensor.name), "a file holds each tensor once");
    const std::uint64_t end = position + tensor.bytes.size();
    header[tensor.name] = {{"dtype", stored_type_name(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {position, end}}};
    position = end;
  }
  std::string text = core::dump_json(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string content;
  content.reserve(kPrefixBytes + text.size() + position);
  for (std::size_t i = 0; i < kPrefixBytes; ++i)
    content.push_back(static_cast<char>(std::uint64_t{text.size()} >> (8 * i) & 0xff));
  content += text;
  for (const StoredTensor& tensor : tensors) content += tensor.bytes;
  return content;
}

}  // namespace vitlab::interop
