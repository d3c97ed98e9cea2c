#include <synod/posix_file_system.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "host/posix/posix_operations.hpp"

namespace synod {

// One queue, one thread. An operation runs there as a whole and gives back what the node's thread
// shall do about it.
class PosixFileSystem::Implementation {
 public:
  using Completion = absl::AnyInvocable<void()>;
  using Operation = absl::AnyInvocable<Completion(posix::Directory&)>;

  Implementation(std::string directory, Post post)
      : directory_(std::move(directory)), post_(std::move(post)), thread_([this] { run(); }) {}

  ~Implementation() {
    alive_.reset();
    {
      const std::lock_guard guard(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void add(Operation operation) {
    bool was_empty = false;
    {
      const std::lock_guard guard(mutex_);
      was_empty = queue_.empty();
      queue_.push_back(std::move(operation));
    }
    if (was_empty) wake_.notify_one();
  }

  // Queues `work`, whose result goes to `done` on the node's thread, if the file system is still
  // there: whoever waits for it may well use it again.
  template <class Done, class Work>
  void run_on_disk(Done done, Work work) {
    add([done = std::move(done), work = std::move(work),
         alive = std::weak_ptr<bool>(alive_)](posix::Directory& directory) mutable -> Completion {
      return [done = std::move(done), result = work(directory), alive = std::move(alive)]() mutable {
        if (!alive.expired()) done(std::move(result));
      };
    });
  }

 private:
  void run() {
    std::vector<Operation> taken;
    while (take(taken)) {
      for (Operation& operation : taken) post_(operation(directory_));
      taken.clear();
    }
  }

  // Waits for work and takes all of it; false when there is none and there will be none.
  bool take(std::vector<Operation>& taken) {
    std::unique_lock guard(mutex_);
    wake_.wait(guard, [this] { return stopping_ || !queue_.empty(); });
    taken.swap(queue_);
    return !taken.empty();
  }

  posix::Directory directory_;  // Used by the thread alone.
  Post post_;                   // Likewise.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Operation> queue_;  // Guarded by mutex_.
  bool stopping_ = false;         // Guarded by mutex_.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::thread thread_;  // Last, so that it starts when everything is there.
};

PosixFileSystem::PosixFileSystem(std::string directory, Post post)
    : implementation_(std::make_unique<Implementation>(std::move(directory), std::move(post))) {}

PosixFileSystem::PosixFileSystem(std::string directory, Runtime& runtime)
    : PosixFileSystem(std::move(directory), [&runtime](absl::AnyInvocable<void()> work) {
        runtime.post(std::move(work));
      }) {}

PosixFileSystem::~PosixFileSystem() = default;

void PosixFileSystem::lock(Done done) {
  implementation_->run_on_disk(std::move(done),
                               [](posix::Directory& directory) { return directory.lock(); });
}

void PosixFileSystem::list(ListDone done) {
  implementation_->run_on_disk(std::move(done),
                               [](posix::Directory& directory) { return directory.list(); });
}

void PosixFileSystem::read(const std::string& name, ReadDone done) {
  implementation_->run_on_disk(
      std::move(done), [name](posix::Directory& directory) { return directory.read(name); });
}

void PosixFileSystem::create(const std::string& name, std::uint64_t size, Done done) {
  implementation_->run_on_disk(std::move(done), [name, size](posix::Directory& directory) {
    return directory.create(name, size);
  });
}

void PosixFileSystem::write(const std::string& name, std::uint64_t offset,
                            std::span<const std::byte> bytes, bool sync, Done done) {
  implementation_->run_on_disk(std::move(done),
                               [name, offset, bytes, sync](posix::Directory& directory) {
                                 return directory.write(name, offset, bytes, sync);
                               });
}

void PosixFileSystem::rename(const std::string& from, const std::string& to, Done done) {
  implementation_->run_on_disk(std::move(done), [from, to](posix::Directory& directory) {
    return directory.rename(from, to);
  });
}

void PosixFileSystem::remove(const std::string& name, Done done) {
  implementation_->run_on_disk(
      std::move(done), [name](posix::Directory& directory) { return directory.remove(name); });
}

void PosixFileSystem::identify(const std::string& name, IdentifyDone done) {
  implementation_->run_on_disk(
      std::move(done), [name](posix::Directory& directory) { return directory.identify(name); });
}

}  // namespace synod
