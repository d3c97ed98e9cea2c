#include <synod/simulation/simulated_disk.hpp>

#include <algorithm>
#include <utility>

#include "simulation/disk/simulated_file_system.hpp"

namespace synod {
namespace {

constexpr std::size_t kPastMax = 6;

// How one unsynced write fares: drawn once per write, since real disks lose whole writes, halves
// and sectors far more often than single bytes.
class Fate {
 public:
  // `offset`: where the write begins.
  Fate(Prng& prng, bool tears) : prng_(&prng) {
    kind_ = prng.below(tears ? 5 : 2);
    constexpr std::uint64_t kUnits[] = {1, 512, 4096};
    unit_ = kind_ < 2 ? 1 : kUnits[kind_ - 2];
    zeroes_ = prng.chance(0.5);
    kept_ = prng.chance(0.5);
    run_ = unit_ == 1 ? prng.below(200) : 0;
  }

  [[nodiscard]] bool whole() const { return kind_ == 0; }
  [[nodiscard]] bool tears() const { return kind_ > 1; }
  // Whether what does not survive is zero, and not what was there before.
  [[nodiscard]] bool zeroes() const { return zeroes_; }
  // Asked by ascending offset.
  bool survives(std::uint64_t offset) {
    if (kind_ < 2) return kind_ == 0;
    if (unit_ > 1) {
      if (offset / unit_ != last_unit_) kept_ = prng_->chance(0.5);
      last_unit_ = offset / unit_;
      return kept_;
    }
    // Runs of bytes that survive, or do not.
    if (run_-- == 0) {
      kept_ = !kept_;
      run_ = prng_->below(24);
    }
    return kept_;
  }

 private:
  Prng* prng_;
  std::uint64_t kind_;
  std::uint64_t unit_;
  std::uint64_t last_unit_ = ~std::uint64_t{0};
  std::uint64_t run_;
  bool zeroes_;
  bool kept_;
};

}  // namespace

SimulatedDisk::SimulatedDisk(Prng prng) : prng_(prng) {}

SimulatedDisk::~SimulatedDisk() { end_lives(nullptr); }

std::unique_ptr<FileSystem> SimulatedDisk::make_file_system(Schedule schedule) {
  return std::make_unique<Handle>(*this, std::move(schedule));
}

void SimulatedDisk::end_lives(Prng* prng) {
  misread_ = {};
  while (!handles_.empty()) handles_.front()->die(prng);
}

void SimulatedDisk::kill(Prng& prng) { end_lives(&prng); }

void SimulatedDisk::crash(Prng& prng) {
  end_lives(&prng);
  lose_power(prng);
}

void SimulatedDisk::set_trap(std::uint64_t operations, TrapMoment moment,
                             absl::AnyInvocable<void()> sprung) {
  trap_ = {operations, moment, std::move(sprung)};
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
    show_what_is_durable(file);
  }
}

void SimulatedDisk::lose_power(Prng& prng) {
  bool lost_one = false;
  for (auto& [name, file] : files_) {
    for (const Unsynced& unsynced : file.unsynced) {
      // In order, all is lost behind the first that is lost.
      const bool too_late = lost_one && !faults_.reorders;
      Fate fate(prng, faults_.tears && !too_late);
      const bool survives = fate.whole() && !too_late;
      if (!survives) ++(fate.tears() ? counts_.torn_writes : counts_.lost_writes);
      lost_one = lost_one || !survives;
      for (std::size_t i = 0; i < unsynced.bytes.size(); ++i) {
        const std::uint64_t offset = unsynced.offset + i;
        if (survives || (fate.tears() && fate.survives(offset))) {
          file.durable[offset] = unsynced.bytes[i];
        } else if (fate.tears() && fate.zeroes()) {
          file.durable[offset] = std::byte{0};
        }
      }
    }
    show_what_is_durable(file);
  }
}

// Everywhere but under what was not synced, readers see what is durable already.
void SimulatedDisk::show_what_is_durable(File& file) {
  for (const Unsynced& unsynced : file.unsynced) {
    const auto at = static_cast<std::ptrdiff_t>(unsynced.offset);
    const auto end = at + static_cast<std::ptrdiff_t>(unsynced.bytes.size());
    std::copy(file.durable.begin() + at, file.durable.begin() + end, file.visible.begin() + at);
  }
  file.unsynced.clear();
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

void SimulatedDisk::overwrite(const std::string& name, std::uint64_t offset,
                              std::span<const std::byte> bytes) {
  File& file = files_.at(name);
  const auto at = static_cast<std::ptrdiff_t>(offset);
  std::ranges::copy(bytes, file.durable.begin() + at);
  std::ranges::copy(bytes, file.visible.begin() + at);
}

const std::deque<SimulatedDisk::PastWrite>& SimulatedDisk::past_writes(
    const std::string& name) const {
  static const std::deque<PastWrite> kNone;
  const auto found = files_.find(name);
  return found == files_.end() ? kNone : found->second.past;
}

SimulatedDisk::Image SimulatedDisk::image() const {
  Image image;
  for (const auto& [name, file] : files_) image[name] = file.durable;
  return image;
}

void SimulatedDisk::become(const Image& image) {
  files_.clear();
  misread_ = {};
  for (const auto& [name, content] : image) put(name, content);
}

SimulatedDisk::Volume SimulatedDisk::volume() const {
  Volume volume;
  for (const auto& [name, file] : files_) volume[name] = {file.durable, file.identity};
  return volume;
}

void SimulatedDisk::roll_back(const Volume& volume) {
  files_.clear();
  misread_ = {};
  for (const auto& [name, file] : volume) make(name, file.content).identity = file.identity;
}

// Nothing but the count tells one file from another here: no clock.
SimulatedDisk::File& SimulatedDisk::make(const std::string& name, Bytes content) {
  ++files_made_;
  File& file = files_[name];
  file.durable = std::move(content);
  file.visible = file.durable;
  file.identity = {files_made_, files_made_};
  return file;
}

void SimulatedDisk::put(const std::string& name, Bytes content) {
  if (!files_.contains(name)) {
    make(name, std::move(content));
    return;
  }
  File& file = files_[name];
  file.durable = std::move(content);
  file.visible = file.durable;
  file.unsynced.clear();
  file.past.clear();
}

void SimulatedDisk::remember(File& file, const Unsynced& synced) {
  const auto at = file.durable.begin() + static_cast<std::ptrdiff_t>(synced.offset);
  file.past.push_back(
      {synced.offset, Bytes(at, at + static_cast<std::ptrdiff_t>(synced.bytes.size()))});
  if (file.past.size() > kPastMax) file.past.pop_front();
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
