// A directory, for a command: the caller's thread is the node's.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include <absl/functional/any_invocable.h>
#include <absl/functional/function_ref.h>

#include <synod/posix_file_system.hpp>

class Disk {
 public:
  explicit Disk(const std::string& directory)
      : files_(directory, [this](absl::AnyInvocable<void()> work) { post(std::move(work)); }) {}

  [[nodiscard]] synod::FileSystem& files() { return files_; }
  void run_until(absl::FunctionRef<bool()> done) {
    while (!done()) {
      std::unique_lock guard(mutex_);
      wake_.wait(guard, [this] { return !work_.empty(); });
      auto work = std::move(work_.front());
      work_.pop_front();
      guard.unlock();
      work();
    }
  }

 private:
  void post(absl::AnyInvocable<void()> work) {
    {
      const std::lock_guard guard(mutex_);
      work_.push_back(std::move(work));
    }
    wake_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<absl::AnyInvocable<void()>> work_;
  synod::PosixFileSystem files_;  // Last, so that its thread ends first.
};
