#include "common/runtime/blocking_pool.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/limits/limits.h"

namespace common {
namespace {

constexpr std::chrono::seconds kIdleThreadEndsAfter{2};
// When the system gives us no thread, because there are too many or there is no memory for its stack.
constexpr std::chrono::milliseconds kThreadRetry{100};

struct Job {
  std::function<void()> work;
  std::function<void()> done;
  // The loop must not run out of work while a job is under way.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard;
};

}  // namespace

struct BlockingPool::State : std::enable_shared_from_this<BlockingPool::State> {
  State(boost::asio::io_context& loop, std::size_t most) : io(loop), max_threads(most) {}

  boost::asio::io_context& io;
  const std::size_t max_threads;
  std::mutex mutex;
  std::condition_variable job_or_stop;
  std::condition_variable thread_ended;
  std::deque<Job> jobs;
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::size_t running = 0;  // jobs
  bool stopping = false;

  // With the mutex held. Without a thread the job waits for one that ends another, or for the next try.
  void start_thread_if_needed() {
    if (stopping || idle >= jobs.size() || threads >= max_threads) return job_or_stop.notify_one();
    try {
      // The thread owns a share of the state, so it may still be returning from work_until_idle() when we are gone.
      std::thread([state = shared_from_this()] { state->work_until_idle(); }).detach();
      ++threads;
    } catch (const std::system_error&) {
      const auto pause = std::make_shared<boost::asio::steady_timer>(io, kThreadRetry);
      pause->async_wait([weak = weak_from_this(), pause](const boost::system::error_code&) {
        const auto state = weak.lock();
        if (!state) return;
        const std::lock_guard lock(state->mutex);
        if (!state->jobs.empty()) state->start_thread_if_needed();
      });
    }
  }

  void work_until_idle() {
    std::unique_lock lock(mutex);
    for (;;) {
      ++idle;
      job_or_stop.wait_for(lock, kIdleThreadEndsAfter, [this] { return stopping || !jobs.empty(); });
      --idle;
      if (stopping || jobs.empty()) break;
      Job job = std::move(jobs.front());
      jobs.pop_front();
      ++running;
      lock.unlock();
      job.work();
      job.work = nullptr;  // what `done` holds, too, goes on the loop
      lock.lock();
      --running;
      boost::asio::post(io, std::move(job.done));
      job.guard.reset();
    }
    --threads;
    thread_ended.notify_all();
  }
};

BlockingPool::BlockingPool(boost::asio::io_context& io, std::size_t max_threads)
    : state_(std::make_shared<State>(io, max_threads)) {}

BlockingPool::~BlockingPool() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->jobs.clear();
  state_->job_or_stop.notify_all();
  state_->thread_ended.wait(lock, [this] { return state_->threads == 0; });
}

void BlockingPool::run(std::function<void()> work, std::function<void()> done) {
  std::unique_lock lock(state_->mutex);
  state_->jobs.push_back(Job{std::move(work), std::move(done), boost::asio::make_work_guard(state_->io)});
  if (state_->idle < state_->jobs.size() && state_->threads >= state_->max_threads) limit_hit(Limit::blocking_threads);
  state_->start_thread_if_needed();
}

bool BlockingPool::busy() const {
  const std::lock_guard lock(state_->mutex);
  return state_->running > 0 || !state_->jobs.empty();
}

}  // namespace common
