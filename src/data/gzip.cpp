#include "data/gzip.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <zlib.h>

#include "core/error.h"

namespace vitlab::data {

namespace {

/// zlib's state, freed whatever happens.
class Inflater {
 public:
  Inflater() {
    constexpr int kGzipOnly = 15 + 16;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw core::Failure("zlib: out of memory");
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.substr(0, 2) == "\x1f\x8b"; }

std::string gunzip(std::string_view bytes, std::size_t limit_bytes, const std::string& source) {
  if (bytes.size() > std::numeric_limits<uInt>::max())
    throw core::UserError(source + ": is too large to unpack (4 GiB)");
  Inflater inflater;
  z_stream& stream = inflater.stream();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());

  std::string content;
  char buffer[65536];
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    const int status = inflate(&stream, Z_NO_FLUSH);
    const std::size_t got = sizeof buffer - stream.avail_out;
    content.append(buffer, got);
    if (content.size() > limit_bytes)
      throw core::UserError(fmt::format("{}: unpacks to more than {} bytes", source, limit_bytes));
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) return content;
      inflateReset(&stream);  // another member follows
    } else if (status == Z_BUF_ERROR || (status == Z_OK && got == 0 && stream.avail_in == 0)) {
      throw core::UserError(source + ": is cut short (gzip)");
    } else if (status != Z_OK) {
      throw core::UserError(fmt::format("{}: is damaged (gzip: {})", source,
                                        stream.msg != nullptr ? stream.msg : "unknown"));
    }
  }
}

}  // namespace vitlab::data
