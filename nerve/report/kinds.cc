#include "nerve/report/kinds.h"

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "nerve/read_kind.h"
#include "nerve/report/console.h"
#include "nerve/report/file.h"
#include "nerve/report/local_reporter.h"
#include "nerve/report/node_names.h"
#include "nerve/report/sessions.h"
#include "nerve/report/zookeeper_config.h"
#include "nerve/report/zookeeper_reporter.h"

namespace nerve {
namespace {

using common::ObjectReader;

void read_console(ObjectReader&, ReporterConfig& config) {
  config.options = ConsoleOptions{};
}

std::unique_ptr<Reporter> make_console(const ReporterConfig&, const ReportSubject& subject,
                                       const ReportContext& context, Reporter::Events events) {
  return std::make_unique<LocalReporter>(context.io, subject.retry, write_to_console, std::move(events));
}

void read_file(ObjectReader& object, ReporterConfig& config) {
  FileOptions options;
  options.path = object.text("path", options.path);
  if (options.path.empty()) object.error("path", "must not be empty");
  options.append = object.boolean("append", options.append);
  config.options = std::move(options);
}

std::unique_ptr<Reporter> make_file(const ReporterConfig& config, const ReportSubject& subject,
                                    const ReportContext& context, Reporter::Events events) {
  const auto write = [options = std::get<FileOptions>(config.options)](
                         const std::optional<common::Registration>& record) { return write_to_file(options, record); };
  return std::make_unique<LocalReporter>(context.io, subject.retry, write, std::move(events));
}

void read_zookeeper(ObjectReader& object, ReporterConfig& config) {
  config.options = read_zookeeper_options(object);
}

std::unique_ptr<Reporter> make_zookeeper(const ReporterConfig& config, const ReportSubject& subject,
                                         const ReportContext& context, Reporter::Events events) {
  const auto& options = std::get<ZookeeperOptions>(config.options);
  const auto session = context.sessions.of(options);
  return std::make_unique<ZookeeperReporter>(context.io, session, options, subject, std::move(events));
}

std::string console_place(const ReporterConfig&, const std::string&) {
  return "console";
}

std::string file_place(const ReporterConfig& config, const std::string&) {
  const auto& options = std::get<FileOptions>(config.options);
  return (options.append ? "append to " : "file ") + options.path;
}

std::string zookeeper_place(const ReporterConfig& config, const std::string& node_name) {
  const auto& options = std::get<ZookeeperOptions>(config.options);
  return "zookeeper " + ensemble_of(options) + " " + path_with_chroot(options) + "/" +
         place_of_node(options.node, node_name);
}

struct Kind {
  std::string_view name;
  void (*read)(ObjectReader& object, ReporterConfig& config);
  std::unique_ptr<Reporter> (*make)(const ReporterConfig& config, const ReportSubject& subject,
                                    const ReportContext& context, Reporter::Events events);
  std::string (*place)(const ReporterConfig& config, const std::string& node_name);
};

constexpr std::array kKinds{
    Kind{"console", read_console, make_console, console_place},
    Kind{"file", read_file, make_file, file_place},
    Kind{"zookeeper", read_zookeeper, make_zookeeper, zookeeper_place},
};

}  // namespace

ReporterConfig read_reporter(const common::Reader& reader) {
  ObjectReader object(reader);
  ReporterConfig config;
  const Kind* kind = read_kind(kKinds, object);
  if (kind == nullptr) return config;  // its keys are not known either
  config.type = kind->name;
  kind->read(object, config);
  object.finish();
  return config;
}

std::string place_of(const ReporterConfig& config, const std::string& node_name) {
  const Kind* kind = find_kind(kKinds, config.type);
  if (kind == nullptr) throw std::logic_error("no such kind of reporter: " + config.type);
  return kind->place(config, node_name);
}

std::unique_ptr<Reporter> make_reporter(const ReporterConfig& config, const ReportSubject& subject,
                                        const ReportContext& context, Reporter::Events events) {
  const Kind* kind = find_kind(kKinds, config.type);
  if (kind == nullptr) throw std::logic_error("no such kind of reporter: " + config.type);
  return kind->make(config, subject, context, std::move(events));
}

}  // namespace nerve
