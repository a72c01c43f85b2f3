#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "sweep/expression.h"

namespace vitlab::sweep {

namespace {

std::string described(const core::Json& value) {
  if (value.is_string())
    return "the text " + core::quoted_clip(value.get_ref<const std::string&>());
  if (value.is_array()) return "a list";
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number()) return core::shortest(value.get<double>());
  return "nothing";
}

[[noreturn]] void refuse(const Expression::Node& node, const std::string& message) {
  throw ExpressionError(node.offset, message);
}

double number(const Expression::Node& node, const core::Json& value, const std::string& wanted_by) {
  if (!value.is_number()) refuse(node, wanted_by + " needs a number, got " + described(value));
  return value.get<double>();
}

bool truth(const Expression::Node& node, const core::Json& value, const std::string& wanted_by) {
  if (!value.is_boolean())
    refuse(node, wanted_by + " needs a condition that is true or false, got " + described(value));
  return value.get<bool>();
}

core::Json finite(const Expression::Node& node, double value) {
  if (!std::isfinite(value)) refuse(node, "the result of '" + node.symbol + "' is not finite");
  return value;
}

bool equal(const core::Json& a, const core::Json& b) {
  if (!a.is_array() || !b.is_array()) return a == b;
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), equal);
}

double arithmetic(const Expression::Node& node, double a, double b) {
  switch (node.symbol.front()) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      if (b == 0) refuse(node, "division by zero");
      return a / b;
    case '%': {
      if (b == 0) refuse(node, "remainder of a division by zero");
      // The sign of the divisor, as in mathematics.
      const double rest = std::fmod(a, b);
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
    default:
      return std::pow(a, b);
  }
}

bool ordered(const Expression::Node& node, const core::Json& a, const core::Json& b) {
  const bool texts = a.is_string() && b.is_string();
  if (!texts && !(a.is_number() && b.is_number()))
    refuse(node, "'" + node.symbol + "' cannot order " + described(a) + " and " + described(b));
  const int sign = texts ? a.get_ref<const std::string&>().compare(b.get_ref<const std::string&>())
                   : a.get<double>() < b.get<double>() ? -1
                   : a.get<double>() > b.get<double>() ? 1
                                                       : 0;
  if (node.symbol == "<") return sign < 0;
  if (node.symbol == "<=") return sign <= 0;
  if (node.symbol == ">") return sign > 0;
  return sign >= 0;
}

double call_of_one(const Expression::Node& node, double x) {
  const std::string& name = node.symbol;
  if (name == "abs") return std::fabs(x);
  if (name == "ceil") return std::ceil(x);
  if (name == "exp") return std::exp(x);
  if (name == "floor") return std::floor(x);
  if (name == "round") return std::round(x);
  if (name == "sqrt") return std::sqrt(x);
  return name == "log2" ? std::log2(x) : std::log(x);
}

double call_of_many(const Expression::Node& node, const std::vector<double>& values) {
  double result = node.symbol == "sum" ? 0 : values.front();
  for (const double value : values) {
    if (node.symbol == "sum") result += value;
    if (node.symbol == "min") result = std::min(result, value);
    if (node.symbol == "max") result = std::max(result, value);
  }
  return result;
}

class Evaluator {
 public:
  explicit Evaluator(const Expression::Lookup& lookup) : lookup_(lookup) {}

  core::Json value(const Expression::Node& node) const {
    switch (node.kind) {
      case Expression::Kind::kLiteral:
        return node.literal;
      case Expression::Kind::kName:
        return named(node);
      case Expression::Kind::kOperator:
        return operation(node);
      case Expression::Kind::kIndex:
        return element(node);
      case Expression::Kind::kCall:
        return call(node);
      case Expression::Kind::kList:
        break;
      case Expression::Kind::kChoice:
        return value(node.children[truth(node, value(node.children[0]), "'?'") ? 1 : 2]);
    }
    core::Json list = core::Json::array();
    for (const Expression::Node& child : node.children) list.push_back(value(child));
    return list;
  }

 private:
  core::Json named(const Expression::Node& node) const {
    try {
      return lookup_(node.symbol);
    } catch (const ExpressionError& error) {
      throw ExpressionError(node.offset, error.what());
    }
  }

  core::Json operation(const Expression::Node& node) const {
    const std::string& symbol = node.symbol;
    const core::Json left = value(node.children[0]);
    const std::string quoted = "'" + symbol + "'";
    if (symbol == "not") return !truth(node, left, quoted);
    if (symbol == "negate") return -number(node, left, "'-'");
    if (symbol == "plus") return number(node, left, "'+'");
    if (symbol == "and" || symbol == "or") {
      const bool first = truth(node, left, quoted);
      if (first == (symbol == "or")) return first;
      return truth(node, value(node.children[1]), quoted);
    }
    const core::Json right = value(node.children[1]);
    if (symbol == "==") return equal(left, right);
    if (symbol == "!=") return !equal(left, right);
    if (symbol == "in") return contains(node, left, right);
    if (symbol.front() == '<' || symbol.front() == '>') return ordered(node, left, right);
    return finite(node, arithmetic(node, number(node, left, quoted), number(node, right, quoted)));
  }

  static bool contains(const Expression::Node& node, const core::Json& item,
                       const core::Json& list) {
    if (!list.is_array()) refuse(node, "'in' needs a list on its right, got " + described(list));
    return std::any_of(list.begin(), list.end(),
                       [&](const core::Json& one) { return equal(item, one); });
  }

  core::Json element(const Expression::Node& node) const {
    const core::Json list = value(node.children[0]);
    const double index = number(node, value(node.children[1]), "an index");
    // Knobs that take a number or one per stage: the number stands for every stage.
    if (list.is_number()) return list;
    if (!list.is_array()) refuse(node, "only a list has items, this is " + described(list));
    const auto size = static_cast<double>(list.size());
    const double place = index < 0 ? index + size : index;
    if (std::floor(index) != index || place < 0 || place >= size)
      refuse(node, "there is no item " + core::shortest(index) + " in a list of " +
                       core::shortest(size) + " (the first is 0)");
    return list[static_cast<std::size_t>(place)];
  }

  core::Json call(const Expression::Node& node) const {
    std::vector<core::Json> given;
    for (const Expression::Node& child : node.children) given.push_back(value(child));
    const bool of_one_list = given.size() == 1 && given[0].is_array();
    if (node.symbol == "len") {
      if (!of_one_list) refuse(node, "len() needs one list");
      return static_cast<double>(given[0].size());
    }
    const bool of_many = node.symbol == "min" || node.symbol == "max" || node.symbol == "sum";
    if (!of_many) {
      if (given.size() != 1) refuse(node, node.symbol + "() needs one number");
      return finite(node, call_of_one(node, number(node, given[0], node.symbol + "()")));
    }
    std::vector<double> numbers;
    const std::vector<core::Json> items =
        of_one_list ? given[0].get<std::vector<core::Json>>() : std::move(given);
    for (const core::Json& item : items) numbers.push_back(number(node, item, node.symbol + "()"));
    if (numbers.empty() && node.symbol != "sum") refuse(node, node.symbol + "() of nothing");
    return finite(node, call_of_many(node, numbers));
  }

  const Expression::Lookup& lookup_;
};

}  // namespace

core::Json Expression::evaluate(const Lookup& lookup) const {
  return Evaluator(lookup).value(root_);
}

bool Expression::holds(const Lookup& lookup) const {
  return truth(root_, evaluate(lookup), "this place");
}

core::Json plain_numbers(const core::Json& value) {
  if (value.is_array()) {
    core::Json list = core::Json::array();
    for (const core::Json& item : value) list.push_back(plain_numbers(item));
    return list;
  }
  if (!value.is_number_float()) return value;
  const double number = value.get<double>();
  const bool is_whole = std::trunc(number) == number && std::fabs(number) < 0x1p53;
  return is_whole ? core::Json(static_cast<std::int64_t>(number)) : value;
}

}  // namespace vitlab::sweep
