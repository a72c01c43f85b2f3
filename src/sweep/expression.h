#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace vitlab::sweep {

/// What is wrong with an expression and at which byte of its text.
class ExpressionError : public std::runtime_error {
 public:
  ExpressionError(std::size_t offset, const std::string& message)
      : std::runtime_error(message), offset_(offset) {}
  std::size_t offset() const { return offset_; }

 private:
  std::size_t offset_;
};

/// A formula over named numbers, texts, booleans and lists, as sweeps hold them:
/// `params < 1e6 and (mixer == 'full' or heads[0] % 2 == 0)`. It computes and does nothing else.
///
/// Operators, loosest first: `a ? b : c` · `or` `||` · `and` `&&` · `not` `!` · `== != < <= > >=
/// in` · `+ -` · `* / %` · unary `-` · `^` (power) · `list[i]`. Functions: abs ceil exp floor len
/// log log2 max min round sqrt sum (of numbers or one list). Numbers are doubles; an index of a
/// number gives the number, since knobs take a number for all stages.
class Expression {
 public:
  using Lookup = std::function<core::Json(const std::string& name)>;

  /// Throws ExpressionError.
  static Expression parse(std::string_view text);

  /// The value; `lookup` gives that of each name. Throws ExpressionError for a wrong type, an index
  /// out of range, a division by zero or a result that is not finite.
  core::Json evaluate(const Lookup& lookup) const;

  /// The value of a condition; anything but true and false is an ExpressionError.
  bool holds(const Lookup& lookup) const;

  /// Names that occur, each once, in order of first use, with the byte of that use.
  struct Name {
    std::string name;
    std::size_t offset = 0;
  };
  const std::vector<Name>& names() const { return names_; }

  enum class Kind { kLiteral, kName, kOperator, kIndex, kCall, kList, kChoice };
  /// One node of the tree; `symbol` is the name, operator or function.
  struct Node {
    Kind kind = Kind::kLiteral;
    std::size_t offset = 0;
    std::string symbol;
    core::Json literal;
    std::vector<Node> children;
  };

 private:
  Node root_;
  std::vector<Name> names_;
};

/// Functions that expressions may call.
const std::vector<std::string>& expression_functions();

/// A whole double as an integer, also inside lists, so that equal numbers look equal.
core::Json plain_numbers(const core::Json& value);

}  // namespace vitlab::sweep
