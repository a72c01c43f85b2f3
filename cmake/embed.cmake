# vitlab_embed(OUT FILES…): a C++ source that holds the given files of configs/ as strings.
function(vitlab_embed out)
  set(rows "")
  foreach(file ${ARGN})
    file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR} ${file})
    file(READ ${file} text)
    string(APPEND rows "    {\"${name}\", R\"vitlab(${text})vitlab\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
  file(GENERATE OUTPUT ${out} CONTENT "#include \"core/embedded.h\"

#include <algorithm>

namespace vitlab::core {

namespace {

struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

// Sorted by path.
constexpr EmbeddedFile kFiles[] = {
${rows}};

}  // namespace

std::optional<std::string_view> embedded_file(std::string_view path) {
  for (const EmbeddedFile& file : kFiles)
    if (file.path == path) return file.text;
  return std::nullopt;
}

std::vector<std::string_view> embedded_names(std::string_view prefix) {
  std::vector<std::string_view> names;
  for (const EmbeddedFile& file : kFiles)
    if (file.path.substr(0, prefix.size()) == prefix) names.push_back(file.path);
  return names;
}

}  // namespace vitlab::core
")
endfunction()

# vitlab_embed_text(OUT NAME FILE): a header that holds one file as the string view NAME.
function(vitlab_embed_text out name file)
  file(READ ${file} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(GENERATE OUTPUT ${out} CONTENT "#pragma once

#include <string_view>

namespace vitlab::engine {

constexpr std::string_view ${name} = R\"vitlab(${text})vitlab\";

}  // namespace vitlab::engine
")
endfunction()
