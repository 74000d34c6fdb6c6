// The routers that write files: template and file.
#include <filesystem>
#include <utility>

#include "common/registration/validate.h"
#include "synapse/config_parts.h"
#include "synapse/output/template_text.h"

namespace synapse {
namespace {

using common::ObjectReader;
using common::quote_for_log;

constexpr std::string_view kOctal = "01234567";

// 0644 as it stands there. Without the zero it could be meant as a decimal number, which JSON has nothing else for.
unsigned read_file_mode(ObjectReader& object, unsigned fallback) {
  const auto value = object.find("destinationFileMode");
  if (!value) return fallback;
  const auto text = value->text();
  const bool octal = text.size() == 4 && text.front() == '0' && text.find_first_not_of(kOctal) == std::string::npos;
  if (octal) return static_cast<unsigned>(std::stoul(text, nullptr, 8));
  value->error("must be four octal digits such as 0644 (in JSON: \"0644\"), got " + quote_for_log(text));
  return fallback;
}

// An absolute path without the slash at its end; empty after an error.
std::string read_absolute_path(ObjectReader& object, std::string_view key) {
  auto path = object.required_text(key);
  (void)read_line(object, key, "");
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (path.empty() || path.starts_with('/')) return path;
  object.error(key, "must be an absolute path, got " + quote_for_log(path));
  return {};
}

std::string read_template_file(ObjectReader& object, const std::string& path, const ParseOptions& options) {
  if (!options.read_file) return {};
  const auto text = options.read_file(path);
  if (!text) {
    object.error("templateFile", text.error().message);
    return {};
  }
  if (const auto parsed = Template::parse(*text); !parsed) {
    object.error("templateFile", path + ": " + parsed.error().message);
  }
  return *text;
}

}  // namespace

TemplateRouterConfig read_template_router(ObjectReader& object, const ParseOptions& options) {
  TemplateRouterConfig config;
  config.destination_file = read_absolute_path(object, "destinationFile");
  config.destination_mode = read_file_mode(object, config.destination_mode);
  const auto text = object.find("template");
  const auto file = object.find("templateFile");
  if (text && file) {
    object.error("templateFile", "and template exclude each other; keep one of them");
  } else if (text) {
    config.text = text->text();
    if (const auto parsed = Template::parse(config.text); !parsed) text->error(parsed.error().message);
  } else if (file) {
    config.file = (std::filesystem::path(options.directory) / file->text()).lexically_normal().string();
    config.text = read_template_file(object, config.file, options);
  } else {
    object.error("template", "is missing; templateFile can name a file instead");
  }
  config.command = read_lines(object, "postTemplateCommand");
  if (!config.command.empty() && config.command.front().empty()) {
    object.error("postTemplateCommand", "must begin with a program");
  }
  config.command_timeout = object.milliseconds("postTemplateCommandTimeoutInMilli", config.command_timeout);
  return config;
}

FileRouterConfig read_file_router(ObjectReader& object) {
  FileRouterConfig config;
  config.output_directory = read_absolute_path(object, "outputDirectory");
  return config;
}

}  // namespace synapse
