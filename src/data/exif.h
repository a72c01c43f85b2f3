#pragma once

#include <string_view>

#include "data/image.h"

namespace vitlab::data {

/// How a camera was held: the EXIF orientation 1 to 8 of a JPEG, PNG or WebP file; 1 where none is
/// told or what tells it is damaged.
int orientation_of(std::string_view bytes);

/// The size of an image as it is shown: sides change places for orientations 5 to 8.
ImageSize shown_size(const ImageSize& stored, int orientation);
/// The image as it is shown.
Image shown(Image stored, int orientation);

}  // namespace vitlab::data
