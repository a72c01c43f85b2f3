#pragma once

#include <string>

#include "data/image.h"

namespace vitlab::data {

/// A PNG (ISO/IEC 15948) of 8 bits a colour that decode_png reads back to the same pixels; at least
/// one pixel.
std::string encode_png(const Image& image);

}  // namespace vitlab::data
