// synapse's configuration, from the text to HAProxy's file: the configuration, the one file of a servicesDir, and the
// file of a template. The operator writes it; what is wrong with it must be said, not done.
#include <algorithm>
#include <numeric>

#include <nlohmann/json.hpp>

#include "common/fuzz/target.h"
#include "synapse/config.h"
#include "synapse/config_difference.h"
#include "synapse/haproxy/proof.h"
#include "synapse/haproxy/render.h"
#include "synapse/haproxy/skeleton.h"

namespace {

using namespace synapse;
using common::fuzz::has_control;
using common::fuzz::must;
using haproxy::ConfigSpec;

using Lines = std::vector<std::string>;

ParsedConfig parse(std::string_view text, const std::string& service, const std::string& mustache) {
  ParseOptions options;
  options.environment = [](const std::string& name) {
    return name == "ZONE" ? std::optional<std::string>("a") : std::nullopt;
  };
  options.files_of = [&](const std::string& directory) -> common::Result<std::vector<common::ConfigFile>> {
    if (service.empty()) return common::fail("cannot read " + directory);
    return std::vector<common::ConfigFile>{{.name = "/etc/s/a.yml", .text = service}};
  };
  options.read_file = [&](const std::string&) -> common::Result<std::string> { return mustache; };
  return parse_config(text, "/etc/synapse.yml", options);
}

void said_in_one_line(const Lines& messages) {
  for (const auto& message : messages) {
    must(message.starts_with("/etc/s") && !has_control(message), "file, line and what is wrong", message);
  }
}

std::size_t written(const Lines& lines) {
  return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return std::any_of(line.begin(), line.end(), [](unsigned char c) { return c > 0x20 && c != 0x7F; });
  }));
}

std::size_t written(const haproxy::Sections& sections) {
  return std::accumulate(sections.begin(), sections.end(), std::size_t{0},
                         [](std::size_t sum, const auto& section) { return sum + 2 + written(section.second); });
}

// What stands in the configuration, and nothing else.
std::size_t expected_lines(const ConfigSpec& spec) {
  constexpr std::size_t kFixed = 6;  // the first line, global, the fingerprint, defaults, with blank ones before them
  std::size_t lines = kFixed + written(spec.global) + written(spec.defaults) + written(spec.listen) +
                      written(spec.frontend) + written(spec.backend) + written(spec.extra);
  if (!spec.shared_frontend.empty()) lines += 2 + written(spec.shared_lines);
  for (const auto& backend : spec.backends) {
    if (!spec.shared_frontend.empty()) lines += written(backend.shared_lines);
    if (!backend.frontend_lines.empty()) lines += 3 + written(backend.frontend_lines);
    lines += 3 + written(backend.backend_lines);
  }
  return lines;
}

void rendered_as_expected(const RouterConfig& router) {
  const auto spec = haproxy::skeleton_of(router);
  const auto rendered = haproxy::render(spec);
  const auto& text = rendered.text;
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  must(lines == expected_lines(spec), "as many lines as were configured", text);
  must(std::none_of(text.begin(), text.end(), [](unsigned char c) { return (c < ' ' && c != '\n') || c == 0x7F; }),
       "plain text", text);
  const auto read = haproxy::read_rendered(text);
  must(read.has_value() && read->fingerprint == rendered.fingerprint, "the file is one of ours", text);
  for (const auto& backend : spec.backends) {
    must(read->servers.contains(backend.name), "each service has its backend", text);
  }
  must(haproxy::read_rendered(haproxy::text_to_prove(router, {}, 1)).has_value(), "what HAProxy is asked about", text);
}

}  // namespace

FUZZ_TARGET(synapse_config) {
  common::fuzz::Input input(bytes);
  const auto text = input.piece();
  const std::string service(input.piece());
  const std::string mustache(input.rest());
  const auto parsed = parse(text, service, mustache);
  said_in_one_line(parsed.diagnostics.errors);
  said_in_one_line(parsed.diagnostics.warnings);
  must(parsed.config.has_value() == parsed.diagnostics.ok(), "a configuration, or why there is none");
  must(parsed.shown.empty() || nlohmann::json::accept(parsed.shown), "what is shown is JSON", parsed.shown);
  if (!parsed.config) return;
  must(parse(text, service, mustache).config == parsed.config, "the same text is the same configuration");
  for (const auto& router : parsed.config->routers) {
    if (std::holds_alternative<HaproxyRouterConfig>(router.kind)) rendered_as_expected(router);
  }
}
