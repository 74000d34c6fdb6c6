#include "nerve/check/exec_check.h"

#include <utility>

#include "common/config/reader.h"
#include "common/foreign_words.h"
#include "common/process/command.h"

namespace nerve {
namespace {

// What goes into a reason, and with it into the registry.
constexpr std::size_t kMaxOutput = 300;

}  // namespace

ExecCheck::ExecCheck(const CheckConfig& config, common::Turns& turns)
    : options_(std::get<ExecOptions>(config.options)), timeout_(config.timeout), turns_(turns) {}

boost::asio::awaitable<Answer> ExecCheck::run() {
  common::CommandOptions options;
  options.argv = options_.command;
  options.environment = options_.environment;
  options.timeout = timeout_;
  options.max_output = kMaxOutput;
  const auto result = co_await common::run_command(std::move(options));
  if (result.ok()) co_return Answer{true, {}};
  co_return Answer{false, target() + ": " + common::foreign_words(result.describe(), 2 * kMaxOutput)};
}

std::string ExecCheck::target() const {
  return options_.command.front();
}

void read_exec(common::ObjectReader& object, CheckConfig& config) {
  ExecOptions options{object.texts("command"), {}};
  if (options.command.empty() && !object.has("command")) {
    object.self().error("an exec check needs a command: a list of the program and its arguments");
  } else if (options.command.empty() || options.command.front().empty()) {
    object.error("command", "must name a program first");
  }
  options.environment = object.text_map("environment");
  for (const auto& [name, value] : options.environment) {
    const bool is_name = !name.empty() && name.find('=') == std::string::npos;
    if (is_name && (name + value).find('\0') == std::string::npos) continue;
    object.error("environment", "must map names of variables, which are not empty and hold no '=', to their values");
    break;
  }
  config.options = std::move(options);
}

std::unique_ptr<Check> make_exec(const CheckConfig& config, const CheckContext& context) {
  return std::make_unique<ExecCheck>(config, context.exec_turns);
}

}  // namespace nerve
