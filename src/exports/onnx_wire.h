#pragma once

#include <string>
#include <string_view>

#include "exports/onnx_model.h"

namespace vitlab::exports {

/// The bytes of an ONNX ModelProto (protobuf's wire format, written by hand, because LibTorch
/// exports a protobuf of its own). Throws UserError where the file would pass protobuf's 2 GiB.
std::string encode_onnx(const OnnxModel& model);

/// Reads back what encode_onnx wrote. Not meant for files from elsewhere: fields that encode_onnx
/// does not write are passed over. Throws Failure for bytes that end too early.
OnnxModel decode_onnx(std::string_view bytes);

}  // namespace vitlab::exports
