#include "simulation/faults/disk_audit.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <iterator>
#include <numeric>
#include <vector>

#include "journal/format.hpp"
#include "journal/scan.hpp"

namespace synod::simulation {
namespace {

using journal_format::Owner;

bool snapshot_is_there(const SimulatedDisk::Image& image, const Owner& owner, RoundNum needed) {
  if (needed == RoundNum(0)) return true;
  return std::ranges::any_of(image, [&](const auto& file) {
    const auto round = journal_format::snapshot_round(file.first);
    return round.has_value() && *round >= needed &&
           journal_format::read_snapshot(owner, *round, file.second).ok();
  });
}

// The newest one is what the next checkpoint rests on, read or not.
bool newest_snapshot_is_sound(const SimulatedDisk::Image& image, const Owner& owner) {
  for (auto file = image.rbegin(); file != image.rend(); ++file) {
    const auto round = journal_format::snapshot_round(file->first);
    if (round.has_value()) {
      return journal_format::read_snapshot(owner, *round, file->second).ok();
    }
  }
  return true;
}

// Where the bytes of a file end that are not zero.
std::uint64_t used_bytes(const Bytes& content) {
  constexpr std::size_t kBlock = 256;
  constexpr std::array<std::byte, kBlock> kZeros{};
  std::size_t used = content.size();
  // Most of a segment was never written.
  while (used >= kBlock && std::memcmp(&content[used - kBlock], kZeros.data(), kBlock) == 0) {
    used -= kBlock;
  }
  while (used > 0 && content[used - 1] == std::byte{0}) --used;
  return used;
}

// The files that a start reads.
std::vector<std::string> files_in_use(const SimulatedDisk::Image& image) {
  std::vector<std::string> names;
  for (const auto& [name, content] : image) {
    const bool read = name == journal_format::kMarkName ||
                      journal_format::segment_sequence(name).has_value() ||
                      journal_format::snapshot_round(name).has_value();
    if (read && used_bytes(content) > 0) names.push_back(name);
  }
  return names;
}

}  // namespace

DiskVerdict audit(const SimulatedDisk::Image& image, NodeId node) {
  const Owner owner{ClusterId::of("simulated"), node};
  journal_format::Scan scan(owner);
  const auto mark = image.find(std::string(journal_format::kMarkName));
  if (mark != image.end()) scan.add_mark(mark->second);
  std::uint64_t newest = 0;  // Of the segments in use: what comes is written behind it.
  for (const auto& [name, content] : image) {
    const auto sequence = journal_format::segment_sequence(name);
    if (!sequence.has_value()) continue;
    scan.add_segment(*sequence, content);
    if (used_bytes(content) > 0) newest = std::max(newest, *sequence);
  }
  DiskVerdict verdict;
  verdict.last = scan.last();
  verdict.sound = scan.status().ok() && !scan.empty() && !scan.damaged() &&
                  snapshot_is_there(image, owner, scan.checkpoint_round());
  verdict.whole = verdict.sound && newest_snapshot_is_sound(image, owner) &&
                  scan.batches().back().header.segment == newest;
  if (verdict.sound) verdict.incarnation = scan.incarnation();
  return verdict;
}

bool is_noticed(const DiskVerdict& before, const DiskVerdict& after) {
  if (!before.sound) return !after.sound;
  return !after.sound || after.last == before.last;
}

Damage draw_rot(Prng& prng, const SimulatedDisk::Image& image, std::uint64_t bytes_max) {
  const std::vector<std::string> names = files_in_use(image);
  if (names.empty()) return {};
  Damage damage;
  damage.name = names[prng.below(names.size())];
  const Bytes& content = image.at(damage.name);
  const std::uint64_t used = used_bytes(content);
  damage.offset = prng.below(used);
  const std::uint64_t size = 1 + prng.below(std::min(bytes_max, used - damage.offset));
  const auto at = content.begin() + static_cast<std::ptrdiff_t>(damage.offset);
  damage.bytes.assign(at, at + static_cast<std::ptrdiff_t>(size));
  for (std::byte& byte : damage.bytes) {
    if (&byte == damage.bytes.data() || prng.chance(0.5)) {
      byte ^= static_cast<std::byte>(1u << prng.below(8));
    }
  }
  return damage;
}

Damage draw_misread(Prng& prng, const SimulatedDisk::Image& image) {
  constexpr std::size_t kSector = 512;
  const std::vector<std::string> names = files_in_use(image);
  if (names.empty()) return {};
  Damage damage;
  damage.name = names[prng.below(names.size())];
  damage.bytes = image.at(damage.name);
  const Bytes& other = image.at(names[prng.below(names.size())]);
  // One sector of it, or all, comes from another place.
  if (prng.chance(0.3)) {
    const std::size_t size = damage.bytes.size();
    damage.bytes = other;
    damage.bytes.resize(size);
    return damage;
  }
  const std::size_t to = prng.below(used_bytes(damage.bytes)) / kSector * kSector;
  const std::size_t from = prng.below(other.size()) / kSector * kSector;
  for (std::size_t i = 0; i < kSector; ++i) {
    if (to + i < damage.bytes.size() && from + i < other.size()) {
      damage.bytes[to + i] = other[from + i];
    }
  }
  return damage;
}

void apply(const Damage& damage, SimulatedDisk::Image& image) {
  Bytes& content = image.at(damage.name);
  std::ranges::copy(damage.bytes, content.begin() + static_cast<std::ptrdiff_t>(damage.offset));
}

std::uint64_t changed_bytes(const SimulatedDisk::Image& before, const SimulatedDisk::Image& after) {
  std::uint64_t changed = 0;
  for (const auto& [name, content] : before) {
    const Bytes& other = after.at(name);
    if (content == other) continue;  // Much faster than byte by byte.
    changed += static_cast<std::uint64_t>(std::inner_product(
        content.begin(), content.end(), other.begin(), std::uint64_t{0}, std::plus<>(),
        [](std::byte one, std::byte two) { return one == two ? std::uint64_t{0} : 1; }));
  }
  return changed;
}

}  // namespace synod::simulation
