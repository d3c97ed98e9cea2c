#include "simulation/disk/simulated_file_system.hpp"

#include <algorithm>
#include <utility>

namespace synod {

SimulatedDisk::Handle::Handle(SimulatedDisk& disk, Schedule schedule)
    : disk_(&disk), schedule_(std::move(schedule)) {
  disk.handles_.push_back(this);
}

SimulatedDisk::Handle::~Handle() {
  if (disk_ == nullptr) return;
  alive_.reset();
  quiet_ = true;
  while (!queue_.empty() && !disk_->faults_.hung) {
    Operation operation = std::move(queue_.front());
    queue_.pop_front();
    if (!running_) operation.started = start(operation);
    running_ = false;
    operation.complete(operation.started);
  }
  die(nullptr);
}

void SimulatedDisk::Handle::die(Prng* prng) {
  if (disk_ == nullptr) return;
  alive_.reset();
  if (prng != nullptr && running_ && !queue_.empty() && queue_.front().change &&
      prng->chance(0.5)) {
    queue_.front().change();
  }
  std::erase(disk_->handles_, this);
  queue_.clear();
  disk_ = nullptr;
  locked_ = false;
}

void SimulatedDisk::Handle::wake() {
  if (!std::exchange(hung_, false)) return;
  if (!running_) return start_next();
  schedule_(Duration(0), [this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) finish_front();
  });
}

// --- One operation after the other ----------------------------------------------------------------

void SimulatedDisk::Handle::add(Operation operation) {
  if (disk_ == nullptr) return;
  queue_.push_back(std::move(operation));
  if (!running_) start_next();
}

void SimulatedDisk::Handle::start_next() {
  if (disk_ == nullptr || running_ || queue_.empty()) return;
  if (disk_->faults_.hung) {
    hung_ = true;
    return;
  }
  running_ = true;
  queue_.front().started = start(queue_.front());
  const DiskFaults& faults = disk_->faults_;
  const Duration delay = faults.delay_max > faults.delay_min
                             ? disk_->prng_.between(faults.delay_min, faults.delay_max)
                             : faults.delay_min;
  schedule_(delay, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) finish_front();
  });
}

void SimulatedDisk::Handle::finish_front() {
  if (disk_->faults_.hung) {
    hung_ = true;  // It began, and ends after wake().
    return;
  }
  Operation operation = std::move(queue_.front());
  queue_.pop_front();
  running_ = false;
  const std::weak_ptr<bool> alive = alive_;
  operation.complete(operation.started);
  if (!alive.expired()) start_next();
}

absl::Status SimulatedDisk::Handle::start(const Operation& operation) {
  if (!operation.writes) return absl::OkStatus();
  if (disk_->faults_.write_error) return absl::UnknownError("simulated write error");
  const auto found = disk_->files_.find(operation.name);
  if (found == disk_->files_.end()) return absl::NotFoundError(operation.name);
  File& file = found->second;
  if (operation.offset + operation.bytes.size() > file.visible.size()) {
    return absl::InvalidArgumentError("write past the end of " + operation.name);
  }
  Unsynced unsynced{operation.offset, Bytes(operation.bytes.begin(), operation.bytes.end())};
  std::copy(operation.bytes.begin(), operation.bytes.end(),
            file.visible.begin() + static_cast<std::ptrdiff_t>(operation.offset));
  file.unsynced.push_back(std::move(unsynced));
  return absl::OkStatus();
}

// --- The operations -------------------------------------------------------------------------------

absl::Status SimulatedDisk::Handle::take_lock() {
  for (const Handle* other : disk_->handles_) {
    if (other != this && other->locked_) {
      return absl::FailedPreconditionError("another process holds the directory");
    }
  }
  locked_ = true;
  return absl::OkStatus();
}

void SimulatedDisk::Handle::lock(Done done) {
  Operation operation;
  operation.complete = [this, done = std::move(done)](const absl::Status& /*started*/) mutable {
    tell(done, take_lock());
  };
  add(std::move(operation));
}

void SimulatedDisk::Handle::list(ListDone done) {
  Operation operation;
  operation.complete = [this, done = std::move(done)](const absl::Status& /*started*/) mutable {
    tell(done, disk_->names());
  };
  add(std::move(operation));
}

void SimulatedDisk::Handle::read(const std::string& name, ReadDone done) {
  Operation operation;
  operation.complete = [this, name, done = std::move(done)](const absl::Status& /*s*/) mutable {
    const Bytes* content = disk_->content(name);
    if (content == nullptr) return tell(done, absl::NotFoundError(name));
    tell(done, *content);
  };
  add(std::move(operation));
}

absl::Status SimulatedDisk::Handle::create_file(const std::string& name, std::uint64_t size) {
  const DiskFaults& faults = disk_->faults_;
  if (faults.capacity.has_value() && disk_->used() + size > *faults.capacity) {
    return absl::ResourceExhaustedError("no space for " + name);
  }
  if (faults.write_error) return absl::UnknownError("simulated write error");
  if (disk_->files_.contains(name)) return absl::AlreadyExistsError(name);
  disk_->files_[name] = File{Bytes(size), Bytes(size), {}};
  return absl::OkStatus();
}

void SimulatedDisk::Handle::create(const std::string& name, std::uint64_t size, Done done) {
  Operation operation;
  operation.change = [this, name, size] { (void)create_file(name, size); };
  operation.complete = [this, name, size,
                        done = std::move(done)](const absl::Status& /*started*/) mutable {
    tell(done, create_file(name, size));
  };
  add(std::move(operation));
}

absl::Status SimulatedDisk::Handle::finish_write(const std::string& name, bool sync,
                                                 const absl::Status& started) {
  if (!started.ok() || !sync) return started;
  ++disk_->syncs_;
  const auto found = disk_->files_.find(name);
  if (found == disk_->files_.end()) return absl::NotFoundError(name);
  File& file = found->second;
  if (disk_->faults_.sync_errors > 0) {
    --disk_->faults_.sync_errors;
    // As after fsyncgate: the pages are called clean, and are not on the disk.
    for (Unsynced& unsynced : file.unsynced) unsynced.given_up = true;
    return absl::UnknownError("simulated sync error");
  }
  for (const Unsynced& unsynced : file.unsynced) {
    if (unsynced.given_up) continue;
    std::copy(unsynced.bytes.begin(), unsynced.bytes.end(),
              file.durable.begin() + static_cast<std::ptrdiff_t>(unsynced.offset));
  }
  std::erase_if(file.unsynced, [](const Unsynced& unsynced) { return !unsynced.given_up; });
  return absl::OkStatus();
}

void SimulatedDisk::Handle::write(const std::string& name, std::uint64_t offset,
                                  std::span<const std::byte> bytes, bool sync, Done done) {
  Operation operation;
  operation.writes = true;
  operation.name = name;
  operation.offset = offset;
  operation.bytes = bytes;
  operation.complete = [this, name, sync, done = std::move(done)](absl::Status started) mutable {
    tell(done, finish_write(name, sync, started));
  };
  add(std::move(operation));
}

absl::Status SimulatedDisk::Handle::rename_file(const std::string& from, const std::string& to) {
  const auto found = disk_->files_.find(from);
  if (found == disk_->files_.end()) return absl::NotFoundError(from);
  if (disk_->faults_.write_error) return absl::UnknownError("simulated write error");
  if (from == to) return absl::OkStatus();
  File file = std::move(found->second);
  disk_->files_.erase(found);
  disk_->files_[to] = std::move(file);
  return absl::OkStatus();
}

void SimulatedDisk::Handle::rename(const std::string& from, const std::string& to, Done done) {
  Operation operation;
  operation.change = [this, from, to] { (void)rename_file(from, to); };
  operation.complete = [this, from, to,
                        done = std::move(done)](const absl::Status& /*started*/) mutable {
    tell(done, rename_file(from, to));
  };
  add(std::move(operation));
}

void SimulatedDisk::Handle::remove(const std::string& name, Done done) {
  Operation operation;
  operation.change = [this, name] { disk_->files_.erase(name); };
  operation.complete = [this, name, done = std::move(done)](const absl::Status& /*s*/) mutable {
    tell(done, disk_->files_.erase(name) == 1 ? absl::OkStatus() : absl::NotFoundError(name));
  };
  add(std::move(operation));
}

}  // namespace synod
