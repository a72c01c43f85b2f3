#pragma once

#include <filesystem>

#include "architecture/model_spec.h"
#include "core/json_fields.h"
#include "interop/name_map.h"
#include "sweep/analysis_settings.h"
#include "sweep/protocol.h"
#include "sweep/recipe.h"

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

template <>
struct JsonForm<sweep::Recipe> {
  static Json write(const sweep::Recipe& value) { return sweep::recipe_json(value); }
  static void read(const Json& json, const JsonPlace& place, sweep::Recipe& value);
};

template <>
struct JsonForm<sweep::Protocol> {
  static Json write(const sweep::Protocol& value) { return sweep::protocol_json(value); }
  static void read(const Json& json, const JsonPlace& place, sweep::Protocol& value);
};

template <>
struct JsonForm<sweep::SimilaritySettings> {
  static Json write(const sweep::SimilaritySettings& value) {
    return sweep::similarity_settings_json(value);
  }
  static void read(const Json& json, const JsonPlace& place, sweep::SimilaritySettings& value);
};

template <>
struct JsonForm<sweep::PruneSettings> {
  static Json write(const sweep::PruneSettings& value) { return sweep::prune_settings_json(value); }
  static void read(const Json& json, const JsonPlace& place, sweep::PruneSettings& value);
};

}  // namespace vitlab::core
