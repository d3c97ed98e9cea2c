#include "simulation/disk/simulated_file_system.hpp"

#include <algorithm>
#include <utility>

namespace synod {
namespace {

// One error fewer of those that are to come; true where there was one.
bool take_error(std::uint64_t& errors, std::uint64_t& count) {
  if (errors == 0) return false;
  if (errors != kForGood) --errors;
  ++count;
  return true;
}

}  // namespace

SimulatedDisk::Handle::Handle(SimulatedDisk& disk, Schedule schedule)
    : disk_(&disk), schedule_(std::move(schedule)) {
  disk.handles_.push_back(this);
}

SimulatedDisk::Handle::~Handle() {
  if (disk_ == nullptr) return;
  alive_.reset();
  quiet_ = true;
  while (!queue_.empty() && !disk_->faults_.hung && !halted_) {
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
      queue_.front().started.ok() && prng->chance(0.5)) {
    queue_.front().change();
  }
  std::erase(disk_->handles_, this);
  disk_->trap_ = {};
  queue_.clear();
  disk_ = nullptr;
  locked_ = false;
}

void SimulatedDisk::Handle::wake() {
  if (!std::exchange(hung_, false) || halted_) return;
  if (!running_) return start_next();
  schedule_(Duration(0), [this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) finish_front();
  });
}

// --- One operation after the other
// ----------------------------------------------------------------

void SimulatedDisk::Handle::add(Operation operation) {
  if (disk_ == nullptr) return;
  queue_.push_back(std::move(operation));
  if (!running_) start_next();
}

void SimulatedDisk::Handle::start_next() {
  if (disk_ == nullptr || running_ || halted_ || queue_.empty()) return;
  if (disk_->faults_.hung) {
    hung_ = true;
    return;
  }
  if (springs(TrapMoment::kBefore)) return;
  running_ = true;
  queue_.front().started = start(queue_.front());
  const DiskFaults& faults = disk_->faults_;
  const Duration delay = faults.delay_max > faults.delay_min
                             ? disk_->prng_.between(faults.delay_min, faults.delay_max)
                             : faults.delay_min;
  if (springs(TrapMoment::kWithin)) return;
  schedule_(delay, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) finish_front();
  });
}

bool SimulatedDisk::Handle::springs(TrapMoment moment) {
  Trap& trap = disk_->trap_;
  if (trap.operations == 0 || trap.moment != moment || --trap.operations > 0) return false;
  halted_ = true;
  std::exchange(trap, Trap{}).sprung();
  return true;
}

void SimulatedDisk::Handle::finish_front() {
  if (halted_) return;
  if (disk_->faults_.hung) {
    hung_ = true;  // It began, and ends after wake().
    return;
  }
  Operation operation = std::move(queue_.front());
  queue_.pop_front();
  running_ = false;
  ++disk_->counts_.operations;
  const std::weak_ptr<bool> alive = alive_;
  quiet_ = springs(TrapMoment::kAfter);
  operation.complete(operation.started);
  if (!alive.expired()) start_next();
}

absl::Status SimulatedDisk::Handle::next_error(Kind kind) {
  DiskFaults& faults = disk_->faults_;
  DiskCounts& counts = disk_->counts_;
  bool fails = false;
  const char* what = "";
  switch (kind) {
    case Kind::kRead:
      fails = take_error(faults.read_errors, counts.read_errors);
      what = "simulated read error";
      break;
    case Kind::kWrite:
      fails = take_error(faults.write_errors, counts.write_errors);
      what = "simulated write error";
      break;
    case Kind::kOpen:
      fails = take_error(faults.open_errors, counts.open_errors);
      what = "simulated open error";
      break;
    case Kind::kRename:
      fails = take_error(faults.rename_errors, counts.rename_errors);
      what = "simulated rename error";
      break;
    case Kind::kOther:
      break;
  }
  return fails ? absl::UnknownError(what) : absl::OkStatus();
}

absl::Status SimulatedDisk::Handle::start(const Operation& operation) {
  absl::Status error = next_error(operation.kind);
  if (error.ok() && operation.kind == Kind::kWrite) return start_write(operation);
  return error;
}

absl::Status SimulatedDisk::Handle::start_write(const Operation& operation) {
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

// --- The operations
// -------------------------------------------------------------------------------

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
  operation.kind = Kind::kRead;
  operation.complete = [this, name, done = std::move(done)](const absl::Status& started) mutable {
    if (!started.ok()) return tell(done, started);
    const Bytes* content = disk_->content(name);
    if (content == nullptr) return tell(done, absl::NotFoundError(name));
    if (disk_->misread_.first == name) {
      ++disk_->counts_.misread;
      return tell(done, std::exchange(disk_->misread_, {}).second);
    }
    tell(done, *content);
  };
  add(std::move(operation));
}

absl::Status SimulatedDisk::Handle::create_file(const std::string& name, std::uint64_t size) {
  const DiskFaults& faults = disk_->faults_;
  if (faults.capacity.has_value() && disk_->used() + size > *faults.capacity) {
    ++disk_->counts_.refused;
    return absl::ResourceExhaustedError("no space for " + name);
  }
  if (disk_->files_.contains(name)) return absl::AlreadyExistsError(name);
  disk_->make(name, Bytes(size));
  return absl::OkStatus();
}

void SimulatedDisk::Handle::create(const std::string& name, std::uint64_t size, Done done) {
  Operation operation;
  operation.kind = Kind::kOpen;
  operation.change = [this, name, size] { (void)create_file(name, size); };
  operation.complete = [this, name, size,
                        done = std::move(done)](const absl::Status& started) mutable {
    tell(done, started.ok() ? create_file(name, size) : started);
  };
  add(std::move(operation));
}

void SimulatedDisk::Handle::overlay(const Unsynced& newer, Unsynced& older) {
  const std::uint64_t first = std::max(newer.offset, older.offset);
  const std::uint64_t end = std::min(newer.offset + newer.bytes.size(),
                                     older.offset + older.bytes.size());
  for (std::uint64_t at = first; at < end; ++at) {
    older.bytes[at - older.offset] = newer.bytes[at - newer.offset];
  }
}

absl::Status SimulatedDisk::Handle::finish_write(const std::string& name, bool sync,
                                                 const absl::Status& started) {
  if (!started.ok() || !sync) return started;
  ++disk_->syncs_;
  const auto found = disk_->files_.find(name);
  if (found == disk_->files_.end()) return absl::NotFoundError(name);
  File& file = found->second;
  if (take_error(disk_->faults_.sync_errors, disk_->counts_.sync_errors)) {
    // As after fsyncgate: the pages are called clean, and are not on the disk.
    for (Unsynced& unsynced : file.unsynced) unsynced.given_up = true;
    return absl::UnknownError("simulated sync error");
  }
  for (const Unsynced& unsynced : file.unsynced) {
    if (unsynced.given_up) continue;
    remember(file, unsynced);
    std::copy(unsynced.bytes.begin(), unsynced.bytes.end(),
              file.durable.begin() + static_cast<std::ptrdiff_t>(unsynced.offset));
    // What was given up there may still reach the disk, but not over what was written since.
    for (Unsynced& other : file.unsynced) {
      if (other.given_up) overlay(unsynced, other);
    }
  }
  std::erase_if(file.unsynced, [](const Unsynced& unsynced) { return !unsynced.given_up; });
  return absl::OkStatus();
}

void SimulatedDisk::Handle::write(const std::string& name, std::uint64_t offset,
                                  std::span<const std::byte> bytes, bool sync, Done done) {
  Operation operation;
  operation.kind = Kind::kWrite;
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
  if (from == to) return absl::OkStatus();
  File file = std::move(found->second);
  disk_->files_.erase(found);
  disk_->files_[to] = std::move(file);
  return absl::OkStatus();
}

void SimulatedDisk::Handle::rename(const std::string& from, const std::string& to, Done done) {
  Operation operation;
  operation.kind = Kind::kRename;
  operation.change = [this, from, to] { (void)rename_file(from, to); };
  operation.complete = [this, from, to,
                        done = std::move(done)](const absl::Status& started) mutable {
    tell(done, started.ok() ? rename_file(from, to) : started);
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

void SimulatedDisk::Handle::identify(const std::string& name, IdentifyDone done) {
  Operation operation;
  operation.complete = [this, name, done = std::move(done)](const absl::Status& /*s*/) mutable {
    const auto found = disk_->files_.find(name);
    if (found == disk_->files_.end()) return tell(done, absl::NotFoundError(name));
    tell(done, disk_->tells_identities_ ? found->second.identity : FileIdentity{});
  };
  add(std::move(operation));
}

}  // namespace synod
