// The values that messages and records are made of, as bytes. Each `put` has its `get` in
// decoder.hpp; docs/formats/wire.md says the same in tables.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <synod/cluster.hpp>
#include <synod/entry.hpp>
#include <synod/message.hpp>
#include <synod/voter.hpp>

namespace synod::wire {

// The first byte of an entry: its kind, and which of the optional fields follow.
inline constexpr std::uint8_t kEntryKindBits = 0x0f;
inline constexpr std::uint8_t kEntryTagBit = 0x10;
inline constexpr std::uint8_t kEntryExpiryBit = 0x20;

template <class Sink, class Tag>
void put(Sink& out, Number<Tag> number) {
  out.varint(number.value());
}

// Random, hence not a var-int.
template <class Sink>
void put(Sink& out, Incarnation incarnation) {
  out.u64(incarnation.value());
}

template <class Sink>
void put(Sink& out, const CoordNum& coord) {
  out.varint(coord.counter);
  put(out, coord.proposer);
  put(out, coord.incarnation);
}

template <class Sink>
void put(Sink& out, const EntryId& id) {
  out.u64(id.high);
  out.u64(id.low);
}

template <class Sink>
void put(Sink& out, std::span<const std::byte> bytes) {
  out.varint(bytes.size());
  out.raw(bytes);
}

template <class Sink>
void put(Sink& out, const Payload& payload) {
  put(out, payload.bytes());
}

template <class Sink>
void put(Sink& out, std::string_view text) {
  put(out, std::as_bytes(std::span(text)));
}

template <class Sink>
void put_boolean(Sink& out, bool value) {
  out.u8(value ? 1 : 0);
}

// 0: never. Otherwise the microseconds, plus one; what lies in the future is now.
template <class Sink>
void put(Sink& out, Duration age) {
  if (age == Duration::max()) return out.u8(0);
  out.varint(age < Duration::zero() ? 1 : static_cast<std::uint64_t>(age.count()) + 1);
}

template <class Sink>
void put(Sink& out, const Entry& entry) {
  const bool tagged = entry.tag != 0;
  const bool expires = entry.last_round != RoundNum::max();
  out.u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(entry.kind) |
                                   (tagged ? kEntryTagBit : 0) | (expires ? kEntryExpiryBit : 0)));
  put(out, entry.id);
  if (tagged) out.varint(entry.tag);
  if (expires) put(out, entry.last_round);
  put(out, entry.payload);
}

template <class Sink>
void put(Sink& out, const PlacedEntry& placed) {
  put(out, placed.round);
  put(out, placed.coord);
  put(out, placed.entry);
}

// A genesis map is rare, and its bytes belong to the floor below.
template <class Sink>
void put(Sink& out, const GenesisMap& map) {
  Bytes bytes;
  ByteWriter writer(bytes);
  encode(map, writer);
  out.raw(bytes);
}

template <class Sink>
void put(Sink& out, const VoteSection& section) {
  put(out, std::string_view(section.name));
  put(out, section.bytes);
}

template <class Sink, class Item>
void put(Sink& out, const std::vector<Item>& items) {
  out.varint(items.size());
  for (const Item& item : items) put(out, item);
}

template <class Sink>
void put(Sink& out, const CommitRun& run) {
  put(out, run.first);
  put(out, run.coord);
  put(out, run.ids);
}

template <class Sink, class Item>
void put(Sink& out, const std::optional<Item>& item) {
  put_boolean(out, item.has_value());
  if (item) put(out, *item);
}

}  // namespace synod::wire
