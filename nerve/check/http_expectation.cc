#include "nerve/check/http_expectation.h"

#include <array>
#include <regex.h>
#include <stdexcept>
#include <utility>

#include "common/foreign_words.h"
#include "common/limits/limits.h"

namespace nerve {
namespace {

// What is worth reading in a reason: a page made for a browser is not.
std::string words_of(std::string_view body) {
  const std::string words = common::foreign_words(body);
  return words.empty() || words.front() == '<' ? "" : ": " + words;
}

}  // namespace

struct BodyPattern::Expression {
  Expression() = default;
  ~Expression() {
    if (compiled) ::regfree(&regex);
  }
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;

  regex_t regex{};
  bool compiled = false;
};

common::Result<BodyPattern> BodyPattern::parse(const std::string& text) {
  BodyPattern pattern;
  pattern.text_ = text;
  if (text.size() < 2 || text.front() != '/' || text.back() != '/') return pattern;
  const auto expression = std::make_shared<Expression>();
  const std::string source = text.substr(1, text.size() - 2);
  const int code = ::regcomp(&expression->regex, source.c_str(), REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
  if (code != 0) {
    std::array<char, 200> why{};
    ::regerror(code, &expression->regex, why.data(), why.size());
    return common::fail("is no extended regular expression: " + std::string(why.data()));
  }
  expression->compiled = true;
  pattern.expression_ = expression;
  return pattern;
}

bool BodyPattern::found_in(std::string_view body) const {
  if (!expression_) return body.find(text_) != std::string_view::npos;
  regmatch_t range{0, static_cast<regoff_t>(body.size())};  // a body may hold a zero byte
  return ::regexec(&expression_->regex, body.data(), 1, &range, REG_STARTEND) == 0;
}

HttpExpectation::HttpExpectation(StatusRanges status, const std::string& body)
    : status_(std::move(status)), body_(body) {
  auto pattern = BodyPattern::parse(body);
  if (!pattern) throw std::logic_error("expectBody " + pattern.error().message);
  pattern_ = *std::move(pattern);
}

std::string HttpExpectation::objection(int status, std::string_view body, const std::string& target) const {
  if (!status_.contains(status)) {
    const std::string expected = status_.to_string();
    return "HTTP " + std::to_string(status) + " from " + target + (expected.empty() ? "" : ", expected " + expected) +
           words_of(body);
  }
  if (needs_body() && !pattern_.found_in(body)) {
    if (body.size() >= kMaxHttpBody) common::limit_hit(common::Limit::check_body);
    return "the answer of " + target + " does not contain " + body_ + words_of(body);
  }
  return {};
}

}  // namespace nerve
