#pragma once

#include <string>

namespace vitlab::facts {

/// A file beside the report: what it is and its path, relative to the report's folder.
struct RawFile {
  std::string path;
  std::string what;
};

}  // namespace vitlab::facts
