// Coroutines that belong together: started here, cancelled here, waited for here. Nothing in this project is started
// detached without one. Loop thread only.
#pragma once

#include <list>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace common {

class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::io_context& io);
  // The owner cancels and waits before it goes; tasks that are still there when the loop itself is destroyed are
  // destroyed with it.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Runs the task on the loop. An exception other than a cancellation is a fault: it is logged with the name, and the
  // program ends, rather than limp on without the task. After cancel() nothing is started any more.
  void spawn(std::string name, boost::asio::awaitable<void> task);

  // Terminal cancellation of every task: what it waits for ends with operation_aborted.
  void cancel();

  // Returns when no task is left.
  boost::asio::awaitable<void> wait();

  std::size_t size() const { return tasks_->running.size(); }

 private:
  struct Task {
    std::string name;
    boost::asio::cancellation_signal signal;
  };
  struct Tasks {
    explicit Tasks(boost::asio::io_context& io) : ended(io) {}
    std::list<Task> running;
    boost::asio::steady_timer ended;
    bool cancelled = false;
  };

  boost::asio::io_context& io_;
  std::shared_ptr<Tasks> tasks_;  // shared with the completion handlers, which may run after us
};

}  // namespace common
