// A real directory, and a thread-safe loop for a file system that completes from its own thread.
#pragma once

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <absl/functional/any_invocable.h>
#include <absl/functional/function_ref.h>

#include <synod/posix_file_system.hpp>

namespace synod::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "synod-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class PostedWork {
 public:
  void post(absl::AnyInvocable<void()> work) {
    {
      const std::lock_guard guard(mutex_);
      work_.push_back(std::move(work));
    }
    wake_.notify_one();
  }
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
  [[nodiscard]] PosixFileSystem::Post poster() {
    return [this](absl::AnyInvocable<void()> work) { post(std::move(work)); };
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<absl::AnyInvocable<void()>> work_;
};

}  // namespace synod::testing
