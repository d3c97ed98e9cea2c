#include <synod/simulation/simulated_disk.hpp>

#include <algorithm>
#include <utility>

#include "simulation/disk/simulated_file_system.hpp"

namespace synod {
namespace {

// How one unsynced write fares: drawn once per write, since real disks lose whole writes, halves and
// sectors far more often than single bytes.
class Fate {
 public:
  explicit Fate(Prng& prng) : prng_(&prng) {}

  bool survives(const std::string& name, std::uint64_t offset) {
    const bool goes_on = name == name_ && offset == next_;
    if (!goes_on) draw();
    name_ = name;
    next_ = offset + 1;
    switch (kind_) {
      case 0: return true;
      case 1: return false;
      case 2: return prng_->chance(0.5);
      default: break;
    }
    // Runs of bytes that survive, or do not.
    if (run_-- == 0) {
      kept_ = !kept_;
      run_ = prng_->below(kind_ == 3 ? 4096 : 24);
    }
    return kept_;
  }

 private:
  void draw() {
    kind_ = prng_->below(5);
    kept_ = prng_->chance(0.5);
    run_ = prng_->below(200);
  }

  Prng* prng_;
  std::string name_;
  std::uint64_t next_ = 0;
  std::uint64_t kind_ = 0;
  std::uint64_t run_ = 0;
  bool kept_ = false;
};

}  // namespace

SimulatedDisk::SimulatedDisk(Prng prng) : prng_(prng) {}

SimulatedDisk::~SimulatedDisk() { end_lives(nullptr); }

std::unique_ptr<FileSystem> SimulatedDisk::make_file_system(Schedule schedule) {
  return std::make_unique<Handle>(*this, std::move(schedule));
}

void SimulatedDisk::end_lives(Prng* prng) {
  while (!handles_.empty()) handles_.front()->die(prng);
}

void SimulatedDisk::kill(Prng& prng) { end_lives(&prng); }

void SimulatedDisk::crash(Prng& prng) {
  end_lives(&prng);
  Fate fate(prng);
  lose_power([&](const std::string& name, std::uint64_t offset) {
    return fate.survives(name, offset);
  });
}

void SimulatedDisk::crash_with(Survives survives) {
  end_lives(nullptr);
  lose_power(survives);
}

void SimulatedDisk::lose_power(Survives survives) {
  for (auto& [name, file] : files_) {
    for (const Unsynced& unsynced : file.unsynced) {
      for (std::size_t i = 0; i < unsynced.bytes.size(); ++i) {
        const std::uint64_t offset = unsynced.offset + i;
        if (survives(name, offset)) file.durable[offset] = unsynced.bytes[i];
      }
    }
    file.unsynced.clear();
    file.visible = file.durable;
  }
}

void SimulatedDisk::wake() {
  faults_.hung = false;
  const std::vector<Handle*> handles = handles_;
  for (Handle* handle : handles) handle->wake();
}

bool SimulatedDisk::rot(const std::string& name, std::uint64_t offset) {
  const auto found = files_.find(name);
  if (found == files_.end() || offset >= found->second.visible.size()) return false;
  const auto flip = static_cast<std::byte>(1 + prng_.below(255));
  File& file = found->second;
  file.durable[offset] ^= flip;
  file.visible[offset] ^= flip;
  return true;
}

void SimulatedDisk::put(const std::string& name, Bytes content) {
  File& file = files_[name];
  file.durable = std::move(content);
  file.visible = file.durable;
  file.unsynced.clear();
}

const Bytes* SimulatedDisk::content(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : &found->second.visible;
}

std::vector<std::string> SimulatedDisk::names() const {
  std::vector<std::string> names;
  names.reserve(files_.size());
  for (const auto& [name, file] : files_) names.push_back(name);
  return names;
}

std::uint64_t SimulatedDisk::used() const {
  std::uint64_t used = 0;
  for (const auto& [name, file] : files_) used += file.visible.size();
  return used;
}

std::uint64_t SimulatedDisk::unsynced_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, file] : files_) {
    for (const Unsynced& unsynced : file.unsynced) bytes += unsynced.bytes.size();
  }
  return bytes;
}

}  // namespace synod
