// A Mustache template and the data it is given: all servers of all services of a router. Values are not escaped: what
// is rendered is a configuration file, not HTML. Pure.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "synapse/pool/pool.h"

namespace synapse {

struct TemplateService {
  std::string name;
  std::vector<RoutedServer> servers;  // in the order wanted
  int available = 0;                  // what the registry says, as in Routed
  int unavailable = 0;
};

class Template {
 public:
  // The error names the line: "line 3: the section \"servers\" has no end".
  [[nodiscard]] static common::Result<Template> parse(const std::string& text);
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  // The data are described in ../README.md. A name that is not there gives nothing.
  [[nodiscard]] std::string render(const std::vector<TemplateService>& services) const;

 private:
  struct Parsed;
  explicit Template(std::unique_ptr<Parsed> parsed);

  std::unique_ptr<Parsed> parsed_;
};

}  // namespace synapse
