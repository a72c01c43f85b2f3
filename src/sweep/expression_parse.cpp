#include <algorithm>
#include <charconv>
#include <optional>

#include "core/names.h"
#include "core/text.h"
#include "sweep/expression.h"

namespace vitlab::sweep {

namespace {

constexpr std::size_t kLongest = 10'000;
constexpr int kDeepest = 64;
constexpr std::size_t kMostNames = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

struct Token {
  enum class Kind { kEnd, kNumber, kText, kName, kSymbol };
  Kind kind = Kind::kEnd;
  std::size_t offset = 0;
  std::string text;  // of a symbol or name; content of a text
  double number = 0;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n'))
      ++at_;
    if (at_ == text_.size()) return {Token::Kind::kEnd, at_, {}, 0};
    const char c = text_[at_];
    if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])))
      return number();
    if (is_letter(c)) return name();
    if (c == '\'' || c == '"') return quoted();
    return symbol();
  }

 private:
  Token number() {
    Token token{Token::Kind::kNumber, at_, {}, 0};
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), token.number);
    if (error != std::errc()) throw ExpressionError(at_, "the number is too large");
    at_ += static_cast<std::size_t>(end - first);
    if (at_ < text_.size() && (is_letter(text_[at_]) || text_[at_] == '.'))
      throw ExpressionError(at_, "a number ends here; an operator must follow");
    return token;
  }

  Token name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return {Token::Kind::kName, start, std::string(text_.substr(start, at_ - start)), 0};
  }

  Token quoted() {
    const std::size_t start = at_;
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) throw ExpressionError(start, "the quote is never closed");
    at_ = end + 1;
    return {Token::Kind::kText, start, std::string(text_.substr(start + 1, end - start - 1)), 0};
  }

  Token symbol() {
    for (const std::string_view pair : {"==", "!=", "<=", ">=", "&&", "||", "**"})
      if (text_.substr(at_, 2) == pair) return take(pair);
    const std::string_view one = text_.substr(at_, 1);
    if (std::string_view("+-*/%^()[],<>!?:").find(one) != std::string_view::npos) return take(one);
    if (one == "=") throw ExpressionError(at_, "'=' sets nothing here; to compare, write '=='");
    throw ExpressionError(at_, core::quoted_clip(one) + " has no meaning in an expression");
  }

  Token take(std::string_view symbol) {
    const std::size_t start = at_;
    at_ += symbol.size();
    return {Token::Kind::kSymbol, start, std::string(symbol), 0};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

using Node = Expression::Node;
using Kind = Expression::Kind;

/// Binary operators of one level of precedence and how they are spelt.
struct Level {
  std::vector<std::pair<std::string_view, std::string_view>> operators;
  bool chains;
};

const std::vector<Level>& levels() {
  static const std::vector<Level> rows{
      {{{"or", "or"}, {"||", "or"}}, true},
      {{{"and", "and"}, {"&&", "and"}}, true},
      {{{"==", "=="},
        {"!=", "!="},
        {"<", "<"},
        {"<=", "<="},
        {">", ">"},
        {">=", ">="},
        {"in", "in"}},
       false},
      {{{"+", "+"}, {"-", "-"}}, true},
      {{{"*", "*"}, {"/", "/"}, {"%", "%"}}, true},
  };
  return rows;
}
constexpr std::size_t kComparison = 2;

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) { advance(); }

  Node run() {
    Node root = choice();
    if (token_.kind != Token::Kind::kEnd) fail("the expression should end here");
    return root;
  }

 private:
  /// Counts nesting, so that hostile text cannot exhaust the stack.
  struct Nesting {
    explicit Nesting(Parser& parser) : depth(parser.depth_) {
      if (++depth > kDeepest) parser.fail("nested deeper than 64 levels");
    }
    ~Nesting() { --depth; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    int& depth;
  };

  [[noreturn]] void fail(const std::string& message) const {
    throw ExpressionError(token_.offset, message);
  }
  void advance() { token_ = lexer_.next(); }
  bool is(std::string_view symbol) const {
    return (token_.kind == Token::Kind::kSymbol || token_.kind == Token::Kind::kName) &&
           token_.text == symbol;
  }
  bool accept(std::string_view symbol) {
    if (!is(symbol)) return false;
    advance();
    return true;
  }
  void expect(std::string_view symbol) {
    if (!accept(symbol)) fail("'" + std::string(symbol) + "' is missing here");
  }
  Node make(Kind kind, std::string_view symbol, std::size_t offset) const {
    Node node;
    node.kind = kind;
    node.symbol = symbol;
    node.offset = offset;
    return node;
  }

  Node choice() {
    const Nesting nesting(*this);
    Node condition = binary(0);
    if (!is("?")) return condition;
    Node node = make(Kind::kChoice, "?", token_.offset);
    advance();
    node.children.push_back(std::move(condition));
    node.children.push_back(choice());
    expect(":");
    node.children.push_back(choice());
    return node;
  }

  std::optional<std::string_view> operator_of(const Level& level) const {
    for (const auto& [spelling, symbol] : level.operators)
      if (is(spelling)) return symbol;
    return std::nullopt;
  }

  Node binary(std::size_t level) {
    if (level == kComparison && (is("not") || is("!"))) return negation();
    if (level == levels().size()) return unary();
    Node left = binary(level + 1);
    for (int terms = 0; const auto symbol = operator_of(levels()[level]); ++terms) {
      if (terms > 0 && !levels()[level].chains)
        fail("comparisons do not chain; join two with 'and'");
      // The tree of a chain leans left and is as deep as the chain is long.
      if (terms > kDeepest) fail("more than 64 terms in a row");
      Node node = make(Kind::kOperator, *symbol, token_.offset);
      advance();
      node.children.push_back(std::move(left));
      node.children.push_back(binary(level + 1));
      left = std::move(node);
    }
    return left;
  }

  Node negation() {
    const Nesting nesting(*this);
    Node node = make(Kind::kOperator, "not", token_.offset);
    advance();
    node.children.push_back(binary(kComparison));
    return node;
  }

  Node unary() {
    const Nesting nesting(*this);
    if (!is("-") && !is("+")) return power();
    Node node = make(Kind::kOperator, is("-") ? "negate" : "plus", token_.offset);
    advance();
    node.children.push_back(unary());
    return node;
  }

  Node power() {
    Node base = postfix();
    if (!is("^") && !is("**")) return base;
    Node node = make(Kind::kOperator, "^", token_.offset);
    advance();
    node.children.push_back(std::move(base));
    node.children.push_back(unary());
    return node;
  }

  Node postfix() {
    Node value = primary();
    for (int indices = 0; is("["); ++indices) {
      if (indices >= kDeepest) fail("more than 64 indices in a row");
      Node node = make(Kind::kIndex, "[]", token_.offset);
      advance();
      node.children.push_back(std::move(value));
      node.children.push_back(choice());
      expect("]");
      value = std::move(node);
    }
    return value;
  }

  Node primary() {
    const Token token = token_;
    if (token.kind == Token::Kind::kNumber || token.kind == Token::Kind::kText) {
      advance();
      Node node = make(Kind::kLiteral, "", token.offset);
      node.literal =
          token.kind == Token::Kind::kNumber ? core::Json(token.number) : core::Json(token.text);
      return node;
    }
    if (accept("(")) {
      Node inner = choice();
      expect(")");
      return inner;
    }
    if (accept("[")) return arguments(make(Kind::kList, "[", token.offset), "]");
    if (token.kind != Token::Kind::kName)
      fail(token.kind == Token::Kind::kEnd ? "a value is missing at the end"
                                           : "a value is missing before '" + token.text + "'");
    advance();
    if (token.text == "true" || token.text == "false") {
      Node node = make(Kind::kLiteral, "", token.offset);
      node.literal = token.text == "true";
      return node;
    }
    if (!accept("(")) return make(Kind::kName, token.text, token.offset);
    const auto& known = expression_functions();
    if (std::find(known.begin(), known.end(), token.text) == known.end())
      throw ExpressionError(token.offset,
                            "'" + token.text + "' is not a function" +
                                core::did_you_mean(token.text, known) +
                                "; there are abs, ceil, exp, "
                                "floor, len, log, log2, max, min, round, sqrt and sum");
    return arguments(make(Kind::kCall, token.text, token.offset), ")");
  }

  Node arguments(Node node, std::string_view end) {
    if (accept(end)) return node;
    do {
      node.children.push_back(choice());
    } while (accept(","));
    expect(end);
    return node;
  }

  Lexer lexer_;
  Token token_;
  int depth_ = 0;
};

void collect_names(const Node& node, std::vector<Expression::Name>& names) {
  const auto known = [&](const Expression::Name& entry) { return entry.name == node.symbol; };
  if (node.kind == Kind::kName && std::none_of(names.begin(), names.end(), known))
    names.push_back({node.symbol, node.offset});
  for (const Node& child : node.children) collect_names(child, names);
}

}  // namespace

const std::vector<std::string>& expression_functions() {
  static const std::vector<std::string> names{"abs",  "ceil", "exp", "floor", "len",  "log",
                                              "log2", "max",  "min", "round", "sqrt", "sum"};
  return names;
}

Expression Expression::parse(std::string_view text) {
  if (text.size() > kLongest) throw ExpressionError(0, "the expression is over 10,000 bytes long");
  Expression expression;
  expression.root_ = Parser(text).run();
  collect_names(expression.root_, expression.names_);
  if (expression.names_.size() > kMostNames) throw ExpressionError(0, "more than 64 names");
  return expression;
}

}  // namespace vitlab::sweep
