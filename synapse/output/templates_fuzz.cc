// A template, and the records that it is rendered with, one in a line.
#include <algorithm>

#include "common/fuzz/target.h"
#include "common/registration/registration.h"
#include "synapse/output/template_text.h"

namespace {

using namespace synapse;
using common::fuzz::must;

// Sections within sections over lists multiply, and the operator writes them.
constexpr std::ptrdiff_t kMostSections = 6;
constexpr std::size_t kMostRecords = 4;

std::vector<RoutedServer> servers_in(common::fuzz::Input& input) {
  std::vector<Record> records;
  while (!input.empty() && records.size() < kMostRecords) {
    records.push_back({"child" + std::to_string(records.size()), common::decode("", input.line())});
  }
  Pool pool(PoolOptions{.order = PoolOrder::name});
  (void)pool.update(records);
  return pool.routed().servers;
}

}  // namespace

FUZZ_TARGET(templates) {
  common::fuzz::Input input(bytes);
  const std::string text(input.piece());
  const auto parsed = Template::parse(text);
  if (!parsed) {
    must(!parsed.error().message.empty(), "what is wrong with it");
    return;
  }
  if (std::count(text.begin(), text.end(), '#') > kMostSections) return;
  std::vector<TemplateService> services{{.name = "web", .servers = servers_in(input), .available = 1}};
  const auto rendered = parsed->render(services);
  must(rendered == parsed->render(services), "the same again", rendered);
  if (text.find("{{") == std::string::npos && text.find('\x01') == std::string::npos) {
    must(rendered == text, "without tags nothing changes", rendered);
  }
  // What the registry says is printed, never read as a template.
  if (services.front().servers.empty()) return;
  const auto labels =
      Template::parse("{{#services}}{{#servers}}{{#labelList}}{{value}}{{/labelList}}{{/servers}}{{/services}}");
  std::string values;
  for (const auto& server : services.front().servers) {
    for (const auto& [key, value] : server.labels) values += value;
  }
  must(labels->render(services) == values, "values as they are", values);
}
