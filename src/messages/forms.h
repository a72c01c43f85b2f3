#pragma once

#include <filesystem>

#include "architecture/model_spec.h"
#include "core/json_fields.h"
#include "interop/name_map.h"

// How values of other folders stand in messages: as their own readers and writers have it.
namespace vitlab::core {

template <>
struct JsonForm<std::filesystem::path> {
  static Json write(const std::filesystem::path& value) { return value.string(); }
  static void read(const Json& json, const JsonPlace& place, std::filesystem::path& value);
};

template <>
struct JsonForm<interop::WeightLayout> {
  static Json write(interop::WeightLayout value) { return interop::layout_name(value); }
  static void read(const Json& json, const JsonPlace& place, interop::WeightLayout& value);
};

template <>
struct JsonForm<architecture::ModelSpec> {
  static Json write(const architecture::ModelSpec& value) { return architecture::spec_json(value); }
  static void read(const Json& json, const JsonPlace& place, architecture::ModelSpec& value);
};

}  // namespace vitlab::core
