#pragma once

#include <string>
#include <vector>

namespace vitlab {

/// A name that a file defines in a namespace: a type, an alias, a constant or a function with a
/// body.
struct Definition {
  std::string scope;      ///< "vitlab::graph"; nameless namespaces add nothing
  std::string name;       ///< of a member written outside its class: "Json::at"
  std::string signature;  ///< of a function: its template's head and the types of its parameters
  bool is_function = false;
};

/// What a C++ source or header defines in its namespaces, read without a compiler: it knows this
/// repository's ways of writing, not all of C++.
std::vector<Definition> definitions_of(const std::string& text);

}  // namespace vitlab
