#include "structure/definitions.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>
#include <string_view>

namespace vitlab {

namespace {

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_word(const std::string& token) { return !token.empty() && is_word_character(token[0]); }

/// Words, `::`, `->`, single signs; a literal in quotes is the token `""`. No comments, no
/// preprocessor.
class Lexer {
 public:
  explicit Lexer(const std::string& text) : text_(text) {}

  std::vector<std::string> tokens() {
    while (at_ < text_.size()) step();
    return std::move(tokens_);
  }

 private:
  bool sees(std::string_view word) const { return text_.compare(at_, word.size(), word) == 0; }
  void skip_to(std::string_view end, std::size_t from) {
    const std::size_t found = text_.find(end, from);
    at_ = found == std::string::npos ? text_.size() : found + end.size();
  }

  void step() {
    const char c = text_[at_];
    if (c == '\n') line_is_empty_ = true;
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at_;
    } else if (sees("//")) {
      skip_to("\n", at_);
      line_is_empty_ = true;
    } else if (sees("/*")) {
      skip_to("*/", at_ + 2);
    } else if (c == '#' && line_is_empty_) {
      skip_directive();
    } else {
      line_is_empty_ = false;
      tokens_.push_back(token());
    }
  }

  void skip_directive() {
    do skip_to("\n", at_);
    while (at_ >= 2 && at_ < text_.size() && text_[at_ - 2] == '\\');
  }

  std::string token() {
    const std::size_t start = at_;
    if (sees("R\"")) {
      const std::size_t open = text_.find('(', at_);
      skip_to(")" + text_.substr(at_ + 2, open - at_ - 2) + "\"", open);
      return "\"\"";
    }
    if (text_[at_] == '"' || text_[at_] == '\'') return quoted(text_[at_]);
    if (is_word_character(text_[at_])) {
      const bool is_number = std::isdigit(static_cast<unsigned char>(text_[at_])) != 0;
      const auto goes_on = [&] {
        return is_word_character(text_[at_]) ||
               (is_number && (text_[at_] == '\'' || text_[at_] == '.'));
      };
      while (at_ < text_.size() && goes_on()) ++at_;
      return text_.substr(start, at_ - start);
    }
    at_ += sees("::") || sees("->") ? 2 : 1;
    return text_.substr(start, at_ - start);
  }

  std::string quoted(char quote) {
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_)
      if (text_[at_] == '\\') ++at_;
    ++at_;
    return "\"\"";
  }

  const std::string& text_;
  std::size_t at_ = 0;
  bool line_is_empty_ = true;
  std::vector<std::string> tokens_;
};

using Tokens = std::vector<std::string>;

std::string joined(const Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens)
    text += (is_word(token) && !text.empty() && is_word_character(text.back()) ? " " : "") + token;
  return text;
}

/// The type of a parameter: without its default, its name, and what its caller cannot see.
std::string type_of(Tokens parameter) {
  const auto is_sign = [&](const char* sign) {
    return std::find(parameter.begin(), parameter.end(), sign) != parameter.end();
  };
  // `int` or `graph::Graph` has no name, nor has `const Graph`.
  if (parameter.size() >= 2 && is_word(parameter.back())) {
    const std::string& before = parameter[parameter.size() - 2];
    if (before != "::" && before != "const") parameter.pop_back();
  }
  if (!is_sign("&") && !is_sign("*") && parameter.size() > 1 && parameter.front() == "const")
    parameter.erase(parameter.begin());
  return joined(parameter);
}

/// Walks the namespaces of a file.
class Reader {
 public:
  explicit Reader(Tokens tokens) : tokens_(std::move(tokens)) {}

  std::vector<Definition> definitions() {
    read_scope("");
    return std::move(found_);
  }

 private:
  bool has(std::size_t ahead = 0) const { return at_ + ahead < tokens_.size(); }
  const std::string& peek(std::size_t ahead = 0) const {
    static const std::string end;
    return has(ahead) ? tokens_[at_ + ahead] : end;
  }
  std::string take() { return has() ? tokens_[at_++] : std::string(); }

  /// Takes from an opening sign to the one that closes it.
  Tokens take_balanced() {
    const std::string open = peek(), close = open == "("   ? ")"
                                             : open == "[" ? "]"
                                             : open == "{" ? "}"
                                                           : ">";
    Tokens taken;
    int depth = 0, inner = 0;
    do {
      const std::string token = take();
      // Inside the brackets of a template a comparison stands in parentheses.
      if (open == "<" && (token == "(" || token == "{")) ++inner;
      if (open == "<" && (token == ")" || token == "}")) --inner;
      if (inner == 0 && token == open) ++depth;
      if (inner == 0 && token == close) --depth;
      taken.push_back(token);
    } while (depth > 0 && has());
    return taken;
  }

  void skip_past_semicolon() {
    while (has() && peek() != ";") {
      if (peek() == "{" || peek() == "(")
        take_balanced();
      else
        take();
    }
    take();
  }

  void read_scope(const std::string& scope) {
    while (has() && peek() != "}") read_one(scope);
    take();
  }

  void read_one(const std::string& scope) {
    if (peek() == ";") {
      take();
    } else if (peek() == "namespace" || (peek() == "inline" && peek(1) == "namespace")) {
      read_namespace(scope);
    } else if (peek() == "extern" && peek(1) == "\"\"" && peek(2) == "{") {
      at_ += 3;
      read_scope(scope);
    } else if (peek() == "using") {
      if (peek(2) == "=") add(scope, peek(1));
      skip_past_semicolon();
    } else if (peek() == "static_assert") {
      skip_past_semicolon();
    } else {
      read_declaration(scope);
    }
  }

  void read_namespace(const std::string& scope) {
    std::string inner = scope;
    while (has() && peek() != "{" && peek() != "=") {
      const std::string token = take();
      if (token == "namespace" || token == "inline" || token == "::") continue;
      inner += (inner.empty() ? "" : "::") + token;
    }
    if (peek() == "=") return skip_past_semicolon();
    take();
    read_scope(inner);
  }

  void read_declaration(const std::string& scope) {
    std::string heading;
    while (peek() == "template" && peek(1) == "<") {
      take();
      heading += joined(take_balanced());
      if (peek() == "requires") heading += take_requirement();
    }
    if (peek() == "concept") {
      add(scope, peek(1));
      return skip_past_semicolon();
    }
    if (!heading.empty() && peek() == "using") {
      add(scope, peek(1));
      return skip_past_semicolon();
    }
    const Tokens head = take_head();
    if (peek() == "(")
      read_function(scope, heading, head);
    else if (is_type(head))
      read_type(scope, head);
    else
      read_variable(scope, head);
  }

  /// `requires` in front of a declaration: in parentheses, or one name with its arguments.
  std::string take_requirement() {
    std::string text = take();
    if (peek() == "(") return text + joined(take_balanced());
    while (is_word(peek()) || peek() == "::") text += take();
    return peek() == "<" ? text + joined(take_balanced()) : text;
  }

  /// Up to the parameters of a function, a body, an initialiser or the end.
  Tokens take_head() {
    static constexpr std::array<std::string_view, 4> kWithParentheses{"alignas", "decltype",
                                                                      "__attribute__", "noexcept"};
    Tokens head;
    while (has() && peek() != ";" && peek() != "{" && peek() != "=") {
      if (peek() == "operator") {
        head.push_back(take());
        if (peek() == "(") head.back() += take() + take();
        while (has() && peek() != "(") head.back() += take();
        break;
      }
      if (peek() == "(") {
        const bool belongs =
            !head.empty() && std::find(kWithParentheses.begin(), kWithParentheses.end(),
                                       head.back()) != kWithParentheses.end();
        if (!belongs) break;
        take_balanced();
      } else if (peek() == "[") {
        take_balanced();
      } else if (peek() == "<") {
        head.push_back(joined(take_balanced()));
      } else {
        head.push_back(take());
      }
    }
    return head;
  }

  static bool is_type(const Tokens& head) {
    for (const std::string& token : head) {
      if (token == "struct" || token == "class" || token == "union" || token == "enum") return true;
      if (token != "typedef" && token != "static" && token != "inline" && token != "constexpr")
        return false;
    }
    return false;
  }

  void read_type(const std::string& scope, const Tokens& head) {
    std::string name;
    for (std::size_t i = 0; i < head.size() && head[i] != ":" && head[i] != "final"; ++i) {
      const bool is_kind = head[i] == "struct" || head[i] == "class" || head[i] == "union" ||
                           head[i] == "enum" || head[i] == "alignas";
      if (!is_kind) name += head[i];
    }
    const bool has_body = peek() == "{";
    skip_past_semicolon();
    if (has_body) add(scope, name);
  }

  void read_variable(const std::string& scope, Tokens head) {
    skip_past_semicolon();
    if (head.size() < 2 || head.front() == "extern" || head.front() == "template" ||
        head.front() == "friend" || head.front() == "class")
      return;
    add(scope, head.back());
  }

  void read_function(const std::string& scope, const std::string& heading, const Tokens& head) {
    Tokens parameters = take_balanced();
    std::string suffix;
    while (has() && peek() != ";" && peek() != "{" && peek() != "=" && peek() != ":") {
      suffix += peek() == "(" || peek() == "[" ? joined(take_balanced()) : take();
      if (suffix == "const" || suffix == "noexcept") continue;
    }
    if (peek() == ";") {
      take();
      return;
    }
    if (peek() == "=") {
      skip_past_semicolon();
    } else {
      if (peek() == ":") skip_initialisers();
      take_balanced();
    }
    add(scope, name_before(head), heading + signature(parameters), true);
  }

  /// From the `:` of a constructor to the `{` of its body, which no name stands before.
  void skip_initialisers() {
    std::string last = take();
    while (has()) {
      if (peek() == "{" && !is_word(last) && last != ">") return;
      if (peek() == "{" || peek() == "(") {
        take_balanced();
        last = ")";
      } else {
        last = take();
      }
    }
  }

  static std::string name_before(const Tokens& head) {
    if (head.empty()) return "";
    std::size_t at = head.size() - 1;
    std::string name = head[at];
    if (at > 0 && head[at - 1] == "~") name = head[--at] + name;
    for (; at >= 2 && head[at - 1] == "::"; at -= 2) name.insert(0, head[at - 2] + "::");
    return name;
  }

  static std::string signature(const Tokens& parameters) {
    std::string text = "(";
    Tokens one;
    int depth = 0;
    bool in_default = false;
    const auto finish = [&] {
      if (!one.empty()) text += (text.size() > 1 ? "," : "") + type_of(one);
      one.clear();
      in_default = false;
    };
    for (std::size_t i = 1; i + 1 < parameters.size(); ++i) {
      const std::string& token = parameters[i];
      if (token == "<" || token == "(" || token == "{" || token == "[") ++depth;
      if (token == ">" || token == ")" || token == "}" || token == "]") --depth;
      if (token == "," && depth == 0) {
        finish();
        continue;
      }
      in_default = in_default || (token == "=" && depth == 0);
      if (!in_default) one.push_back(token);
    }
    finish();
    return text + ")";
  }

  void add(const std::string& scope, const std::string& name, const std::string& of = "",
           bool is_function = false) {
    found_.push_back({scope, name, of, is_function});
  }

  Tokens tokens_;
  std::size_t at_ = 0;
  std::vector<Definition> found_;
};

}  // namespace

std::vector<Definition> definitions_of(const std::string& text) {
  return Reader(Lexer(text).tokens()).definitions();
}

}  // namespace vitlab
