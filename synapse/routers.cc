#include "synapse/routers.h"

#include <array>
#include <string_view>

#include "synapse/haproxy/haproxy_router.h"
#include "synapse/output/console_router.h"
#include "synapse/output/file_router.h"
#include "synapse/output/template_router.h"

namespace synapse {
namespace {

using Made = common::Result<std::unique_ptr<Router>>;

struct Kind {
  std::string_view type;
  Made (*make)(const RouterConfig& config, const RouterSurroundings& surroundings);
};

constexpr std::array kKinds{
    Kind{"haproxy",
         [](const RouterConfig& config, const RouterSurroundings& around) -> Made {
           return haproxy::HaproxyRouter::make(around.io, config, around.events, around.seed, around.once);
         }},
    Kind{"template",
         [](const RouterConfig& config, const RouterSurroundings& around) -> Made {
           return std::unique_ptr<Router>(std::make_unique<TemplateRouter>(around.io, config, around.events));
         }},
    Kind{"file",
         [](const RouterConfig& config, const RouterSurroundings& around) -> Made {
           return std::unique_ptr<Router>(std::make_unique<FileRouter>(around.io, config, around.events));
         }},
    Kind{"console",
         [](const RouterConfig&, const RouterSurroundings&) -> Made {
           return std::unique_ptr<Router>(std::make_unique<ConsoleRouter>());
         }},
};

}  // namespace

common::Result<std::unique_ptr<Router>> make_router(const RouterConfig& config,
                                                    const RouterSurroundings& surroundings) {
  for (const auto& kind : kKinds) {
    if (kind.type == config.type) return kind.make(config, surroundings);
  }
  return common::fail("there is no router of type " + config.type);
}

}  // namespace synapse
