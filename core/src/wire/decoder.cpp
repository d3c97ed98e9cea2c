#include "wire/decoder.hpp"

#include <cstring>

#include "wire/encode.hpp"

namespace synod::wire {
namespace {

// The shortest forms there are.
constexpr std::size_t kCoordBytesMin = 1 + 1 + 8;
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kEntryBytesMin = 1 + kIdBytes + 1;
constexpr std::size_t kPlacedEntryBytesMin = 1 + kCoordBytesMin + kEntryBytesMin;
constexpr std::size_t kCommitRunBytesMin = 1 + kCoordBytesMin + 1;
constexpr std::size_t kVoteSectionBytesMin = 1 + 1;
// Named by voters and decorations, of which a node has a few.
constexpr std::size_t kVoteSectionsMax = 64;

}  // namespace

void PayloadSource::copy_body() {
  std::shared_ptr<std::byte[]> copy = std::make_shared_for_overwrite<std::byte[]>(body_.size());
  std::memcpy(copy.get(), body_.data(), body_.size());
  shared_ = copy.get();
  owner_ = std::move(copy);
}

CoordNum Decoder::coord() {
  CoordNum coord;
  coord.counter = in_.varint();
  coord.proposer = NodeId(in_.varint());
  coord.incarnation = incarnation();
  return coord;
}

EntryId Decoder::id() {
  EntryId id;
  id.high = in_.u64();
  id.low = in_.u64();
  return id;
}

Duration Decoder::age() {
  const std::uint64_t value = in_.varint();
  if (value == 0) return Duration::max();
  // The largest age is the one that means never, and has a form of its own.
  if (value > static_cast<std::uint64_t>(Duration::max().count())) in_.fail();
  return in_.ok() ? Duration(static_cast<std::int64_t>(value - 1)) : Duration::max();
}

Entry Decoder::entry() {
  Entry entry;
  const std::uint8_t head = in_.u8();
  const std::uint8_t kind = head & kEntryKindBits;
  const bool known = kind <= static_cast<std::uint8_t>(EntryKind::kReadmit) &&
                     (head & ~(kEntryKindBits | kEntryTagBit | kEntryExpiryBit)) == 0;
  if (!known) in_.fail();
  if (!in_.ok()) return entry;

  entry.kind = static_cast<EntryKind>(kind);
  entry.id = id();
  // Where an optional field is there, it says something: else one entry would have two forms.
  if ((head & kEntryTagBit) != 0) {
    entry.tag = small<ComponentTag>();
    if (entry.tag == 0) in_.fail();
  }
  if ((head & kEntryExpiryBit) != 0) {
    entry.last_round = round();
    if (entry.last_round == RoundNum::max()) in_.fail();
  }
  entry.payload = payload();
  return entry;
}

PlacedEntry Decoder::placed() {
  PlacedEntry placed;
  placed.round = round();
  placed.coord = coord();
  placed.entry = entry();
  return placed;
}

GenesisMap Decoder::genesis_map() {
  GenesisMap map;
  decode(in_, map);
  return map;
}

VoteSections Decoder::vote(const Limits& limits) {
  VoteSections sections;
  std::size_t room = limits.vote_bytes_max;
  bool full = false;
  const std::size_t count = in_.count(in_.left(), kVoteSectionBytesMin);
  for (std::size_t i = 0; i < count && in_.ok(); ++i) {
    const std::string_view name = in_.text(in_.left());
    const std::span<const std::byte> bytes = in_.bytes(in_.left());
    full = full || sections.size() == kVoteSectionsMax || name.size() + bytes.size() > room;
    if (full || !in_.ok()) continue;
    room -= name.size() + bytes.size();
    sections.push_back({std::string(name), payloads_.take(bytes)});
  }
  return sections;
}

template <class Item, class Read>
std::vector<Item> Decoder::list(std::size_t bytes_each_min, const Read& read) {
  std::vector<Item> items;
  const std::size_t count = in_.count(in_.left(), bytes_each_min);
  items.reserve(count);
  for (std::size_t i = 0; i < count && in_.ok(); ++i) items.push_back(read());
  return items;
}

std::vector<Entry> Decoder::entries() {
  return list<Entry>(kEntryBytesMin, [this] { return entry(); });
}

std::vector<PlacedEntry> Decoder::placed_entries() {
  return list<PlacedEntry>(kPlacedEntryBytesMin, [this] { return placed(); });
}

std::vector<CommitRun> Decoder::commit_runs() {
  return list<CommitRun>(kCommitRunBytesMin, [this] {
    CommitRun run;
    run.first = round();
    run.coord = coord();
    run.ids = list<EntryId>(kIdBytes, [this] { return id(); });
    return run;
  });
}

}  // namespace synod::wire
