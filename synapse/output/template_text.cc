#include "synapse/output/template_text.h"

#include <algorithm>
#include <exception>
#include <kainjow/mustache.hpp>
#include <optional>
#include <string_view>

#include <boost/algorithm/string/join.hpp>

#include "common/registration/validate.h"

namespace synapse {
namespace {

namespace mustache = kainjow::mustache;
using common::fail;
using common::quote_for_log;

std::string at_line(std::string_view text, std::size_t position, const std::string& message) {
  const auto before = text.substr(0, std::min(position, text.size()));
  return "line " + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ": " + message;
}

// The parser's words end in the position of the fault: "Unclosed section "x" at 17".
std::string with_line(std::string_view text, const std::string& message) {
  constexpr std::string_view kAt = " at ";
  const auto at = message.rfind(kAt);
  const auto digits = at == std::string::npos ? std::string() : message.substr(at + kAt.size());
  if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos) {
    return message;
  }
  return at_line(text, std::stoul(digits), message.substr(0, at));
}

struct Tag {
  std::size_t begin = 0;  // of its delimiter
  std::size_t end = 0;    // behind its delimiter
  std::string content;    // trimmed
};

// The tags as the parser finds them. Stops at the first that it complains of: one without an end, or delimiters that
// are none.
std::vector<Tag> tags_of(const std::string& text) {
  std::vector<Tag> tags;
  std::string open = "{{";
  std::string close = "}}";
  for (std::size_t from = 0;;) {
    const auto begin = text.find(open, from);
    if (begin == std::string::npos) return tags;
    auto inside = begin + open.size();
    const bool triple = open == "{{" && text.compare(inside, 1, "{") == 0;
    const auto end_word = triple ? "}}}" : close;
    if (triple) ++inside;
    const auto end = text.find(end_word, inside);
    if (end == std::string::npos) return tags;
    Tag tag{begin, end + end_word.size(), mustache::trim(text.substr(inside, end - inside))};
    from = tag.end;
    if (tag.content.size() >= 5 && tag.content.front() == '=' && tag.content.back() == '=') {
      const auto words = mustache::trim(tag.content.substr(1, tag.content.size() - 2));
      if (words.find(' ') == std::string::npos) return tags;
      open = words.substr(0, words.find(' '));
      close = words.substr(words.rfind(' ') + 1);
    }
    tags.push_back(std::move(tag));
  }
}

// What Mustache would render as nothing, without a word: a name with a blank in it, or a variable that begins with a
// dot, is Go's template language. A partial would make a template of what the registry says.
std::optional<std::string> foreign_tag(const std::string& text) {
  for (const auto& tag : tags_of(text)) {
    auto name = tag.content;
    if (name.empty() || name.front() == '!' || name.front() == '=') continue;
    if (name.front() == '>') return at_line(text, tag.begin, "there are no partials here");
    if (std::string_view("#^/&-").find(name.front()) != std::string_view::npos) name = mustache::trim(name.substr(1));
    if (name == "." || (!name.starts_with('.') && name.find_first_of(" \t\n") == std::string::npos)) continue;
    return at_line(text, tag.begin,
                   quote_for_log(text.substr(tag.begin, tag.end - tag.begin)) +
                       " is not Mustache; a section is {{#name}}...{{/name}}, a value is {{name}}");
  }
  return std::nullopt;
}

// Ends every line for the parser, which would otherwise drop some that hold nothing but tags, and keep others.
constexpr char kLineEnd = '\x01';

// A tag that gives no text and stands alone in its line takes the line with it, as Mustache's specification says.
std::string prepared(const std::string& text) {
  std::string result;
  std::size_t copied = 0;
  for (const auto& tag : tags_of(text)) {
    if (tag.content.empty() || std::string_view("#^/!=").find(tag.content.front()) == std::string_view::npos) continue;
    const auto newline = tag.begin == 0 ? std::string::npos : text.rfind('\n', tag.begin - 1);
    const auto line = newline == std::string::npos ? 0 : newline + 1;
    const auto behind = std::min(text.find_first_not_of(" \t\r", tag.end), text.size());
    const bool alone = text.find_first_not_of(" \t", line) == tag.begin && line >= copied &&
                       (behind == text.size() || text[behind] == '\n');
    if (!alone) continue;
    result.append(text, copied, line - copied).append(text, tag.begin, tag.end - tag.begin);
    copied = std::min(behind + 1, text.size());
  }
  result.append(text, copied);
  std::string marked;
  for (const char letter : result) {
    if (letter == '\n') marked += kLineEnd;
    marked += letter;
  }
  return marked + kLineEnd;
}

mustache::data server_data(const RoutedServer& server, bool first, bool last) {
  mustache::data labels(mustache::data::type::object);
  mustache::data label_list(mustache::data::type::list);
  for (const auto& [key, value] : server.labels) {
    labels[key] = mustache::data(value);
    mustache::data label(mustache::data::type::object);
    label["key"] = mustache::data(key);
    label["value"] = mustache::data(value);
    label_list.push_back(label);
  }
  const auto options = boost::algorithm::join(server.options, " ");
  mustache::data data(mustache::data::type::object);
  data["name"] = mustache::data(server.name);
  data["host"] = mustache::data(server.host);
  data["port"] = mustache::data(std::to_string(server.port));
  data["address"] = mustache::data(server.on_socket() ? server.host : common::host_port(server.host, server.port));
  data["weight"] = mustache::data(std::to_string(server.weight));
  data["available"] = mustache::data(server.available);
  data["backup"] = mustache::data(server.backup);
  data["unavailableReason"] = mustache::data(server.unavailable_reason);
  data["options"] = mustache::data(options);
  data["labels"] = std::move(labels);
  data["labelList"] = std::move(label_list);
  data["first"] = mustache::data(first);
  data["last"] = mustache::data(last);
  return data;
}

mustache::data service_data(const TemplateService& service, bool first, bool last) {
  mustache::data servers(mustache::data::type::list);
  for (std::size_t i = 0; i < service.servers.size(); ++i) {
    servers.push_back(server_data(service.servers[i], i == 0, i + 1 == service.servers.size()));
  }
  mustache::data data(mustache::data::type::object);
  data["name"] = mustache::data(service.name);
  data["servers"] = std::move(servers);
  data["availableCount"] = mustache::data(std::to_string(service.available));
  data["unavailableCount"] = mustache::data(std::to_string(service.unavailable));
  data["first"] = mustache::data(first);
  data["last"] = mustache::data(last);
  return data;
}

}  // namespace

struct Template::Parsed {
  explicit Parsed(const std::string& text) : mustache(text) {
    mustache.set_custom_escape([](const std::string& value) { return value; });
  }
  kainjow::mustache::mustache mustache;
};

Template::Template(std::unique_ptr<Parsed> parsed) : parsed_(std::move(parsed)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

common::Result<Template> Template::parse(const std::string& text) {
  if (const auto foreign = foreign_tag(text)) return fail(*foreign);
  try {
    // First as it stands there, because an error names the place.
    if (const mustache::mustache raw(text); !raw.is_valid()) return fail(with_line(text, raw.error_message()));
    return Template(std::make_unique<Parsed>(prepared(text)));
  } catch (const std::exception& error) {
    return fail(std::string("cannot be read: ") + error.what());
  }
}

std::string Template::render(const std::vector<TemplateService>& services) const {
  mustache::data list(mustache::data::type::list);
  mustache::data by_name(mustache::data::type::object);
  for (std::size_t i = 0; i < services.size(); ++i) {
    auto data = service_data(services[i], i == 0, i + 1 == services.size());
    list.push_back(data);
    by_name[services[i].name] = std::move(data);
  }
  mustache::data root(mustache::data::type::object);
  root["services"] = std::move(list);
  root["service"] = std::move(by_name);
  auto text = parsed_->mustache.render(root);
  std::erase(text, kLineEnd);
  return text;
}

}  // namespace synapse
