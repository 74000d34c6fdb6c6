#include "common/runtime/task_group.h"

#include <cstdlib>
#include <exception>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/telemetry/log.h"

namespace common {
namespace {

namespace asio = boost::asio;

void end_with(const std::string& task, std::exception_ptr failure) {
  try {
    std::rethrow_exception(std::move(failure));
  } catch (const asio::multiple_exceptions& both) {
    return end_with(task, both.first_exception());  // of two operations that ran side by side
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) return;
    log::error("internal fault in task {}: {}; ending, so that a supervisor can start afresh", task, error.what());
  } catch (const std::exception& error) {
    log::error("internal fault in task {}: {}; ending, so that a supervisor can start afresh", task, error.what());
  }
  std::abort();
}

}  // namespace

TaskGroup::TaskGroup(asio::io_context& io) : io_(io), tasks_(std::make_shared<Tasks>(io)) {}

TaskGroup::~TaskGroup() {
  tasks_->cancelled = true;
}

void TaskGroup::spawn(std::string name, asio::awaitable<void> task) {
  if (tasks_->cancelled) return;
  const auto entry = tasks_->running.emplace(tasks_->running.end());
  entry->name = std::move(name);
  asio::co_spawn(
      io_, std::move(task),
      asio::bind_cancellation_slot(entry->signal.slot(), [tasks = tasks_, entry](std::exception_ptr failure) {
        if (failure) end_with(entry->name, std::move(failure));
        tasks->running.erase(entry);
        if (tasks->running.empty()) tasks->ended.cancel();
      }));
}

void TaskGroup::cancel() {
  tasks_->cancelled = true;
  // A task may end within emit() and take its list entry with it: step on first. A task that was only just spawned
  // has not installed its handler yet; posting lets it get that far.
  asio::post(io_, [tasks = tasks_] {
    for (auto entry = tasks->running.begin(); entry != tasks->running.end();) {
      const auto current = entry++;
      current->signal.emit(asio::cancellation_type::terminal);
    }
  });
}

asio::awaitable<void> TaskGroup::wait() {
  const auto tasks = tasks_;
  while (!tasks->running.empty()) {
    boost::system::error_code ignored;
    tasks->ended.expires_at(asio::steady_timer::time_point::max());
    co_await tasks->ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

}  // namespace common
