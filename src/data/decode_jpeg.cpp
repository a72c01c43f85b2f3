#include <array>
#include <memory>
#include <string>

#include <turbojpeg.h>

#include "core/error.h"
#include "data/decode.h"

namespace vitlab::data {

namespace {

struct Destroy {
  void operator()(void* decoder) const { tjDestroy(decoder); }
};
using Decoder = std::unique_ptr<void, Destroy>;

struct Header {
  ImageSize size;
  int colours = TJCS_RGB;
};

Decoder make_decoder() {
  Decoder decoder(tjInitDecompress());
  if (!decoder) throw core::Failure("libturbojpeg: cannot start a decoder");
  return decoder;
}

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Header read_header(const Decoder& decoder, std::string_view bytes) {
  int width = 0;
  int height = 0;
  int subsampling = 0;
  Header header;
  const int status = tjDecompressHeader3(decoder.get(), data_of(bytes), bytes.size(), &width,
                                         &height, &subsampling, &header.colours);
  if (status != 0 && tjGetErrorCode(decoder.get()) == TJERR_FATAL)
    throw BrokenImage(std::string("is damaged (JPEG: ") + tjGetErrorStr2(decoder.get()) + ")");
  header.size = {height, width};
  return header;
}

/// Remarks of libjpeg about files that every viewer shows whole; ImageNet has some.
bool is_harmless(std::string_view remark) {
  for (const std::string_view part :
       {"extraneous bytes", "Adobe color transform", "SOS parameters"})
    if (remark.find(part) != std::string_view::npos) return true;
  return false;
}

tjscalingfactor scale_for(double least_scale) {
  for (const int denominator : {8, 4, 2})
    if (1.0 / denominator >= least_scale) return {1, denominator};
  return {1, 1};
}

/// Runs one decompression; true when it was clean, false when it stopped at a harmless remark.
bool decompress(const Decoder& decoder, std::string_view bytes, const ImageSize& size, int format,
                int flags, std::vector<std::uint8_t>& pixels) {
  const int status = tjDecompress2(decoder.get(), data_of(bytes), bytes.size(), pixels.data(),
                                   static_cast<int>(size.width), 0, static_cast<int>(size.height),
                                   format, flags | TJFLAG_LIMITSCANS);
  if (status == 0) return true;
  const std::string remark = tjGetErrorStr2(decoder.get());
  if (tjGetErrorCode(decoder.get()) == TJERR_WARNING && is_harmless(remark)) return false;
  if (remark.find("remature end") != std::string::npos)
    throw BrokenImage("is cut short (JPEG: " + remark + ")");
  throw BrokenImage("is damaged (JPEG: " + remark + ")");
}

/// Ink to light as Adobe writes it, inverted: 255 is no ink.
std::vector<std::uint8_t> light_of_ink(const std::vector<std::uint8_t>& ink) {
  std::vector<std::uint8_t> light(ink.size() / 4 * 3);
  for (std::size_t i = 0; i < ink.size() / 4; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      light[i * 3 + c] = static_cast<std::uint8_t>(ink[i * 4 + c] * ink[i * 4 + 3] / 255);
  return light;
}

}  // namespace

ImageSize read_jpeg_size(std::string_view bytes) { return read_header(make_decoder(), bytes).size; }

Image decode_jpeg(std::string_view bytes, double least_scale) {
  const Decoder decoder = make_decoder();
  const Header header = read_header(decoder, bytes);
  const tjscalingfactor scale = scale_for(least_scale);
  const ImageSize size = {TJSCALED(static_cast<int>(header.size.height), scale),
                          TJSCALED(static_cast<int>(header.size.width), scale)};
  const bool is_ink = header.colours == TJCS_CMYK || header.colours == TJCS_YCCK;
  const std::int64_t samples = is_ink ? 4 : 3;
  const int format = is_ink ? TJPF_CMYK : TJPF_RGB;

  Image image{size, std::vector<std::uint8_t>(
                        static_cast<std::size_t>(size.height * size.width * samples))};
  // libturbojpeg keeps only the last remark, so a first pass stops at the first one.
  if (!decompress(decoder, bytes, size, format, TJFLAG_STOPONWARNING, image.pixels))
    decompress(decoder, bytes, size, format, 0, image.pixels);
  if (is_ink) image.pixels = light_of_ink(image.pixels);
  return image;
}

}  // namespace vitlab::data
