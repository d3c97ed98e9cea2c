// File: entry.hpp
//
// What the log holds. The core never looks into a payload: the adapter above gives the bytes their
// types (synod/state.hpp).
#pragma once

#include <cstdint>

#include <synod/bytes.hpp>
#include <synod/types.hpp>

namespace synod {

enum class EntryKind : std::uint8_t {
  kNoop = 0,       // Built in: fills holes and shows that the leader lives. Told to skip().
  kState = 1,      // For the user's state machine.
  kComponent = 2,  // For a replicated part of a decoration, named by `tag`.
  kReadmit = 3,    // Built in: changes which incarnation of a node counts (payload: Readmit).
};

// A decoration's replicated part; 0 is none.
using ComponentTag = std::uint16_t;

struct Entry {
  EntryId id;
  EntryKind kind = EntryKind::kNoop;
  ComponentTag tag = 0;
  // The last round in which the entry may take effect; past it, it is skipped (H13). Belongs to the
  // id: every retry and every forwarded copy carries the first one's. max() is no expiry: such an
  // entry is single only while its id is remembered.
  RoundNum last_round = RoundNum::max();
  Payload payload;

  friend bool operator==(const Entry&, const Entry&) = default;
};

// An entry together with the round and the coordination number that it was accepted or committed at.
struct PlacedEntry {
  RoundNum round;
  CoordNum coord;
  Entry entry;

  friend bool operator==(const PlacedEntry&, const PlacedEntry&) = default;
};

// The payload of a kReadmit entry: from `e + concurrency` on, where e is the round that it is chosen
// in, `incarnation` is the memory of `node` that counts; nothing happens unless `expected` is the
// last one chosen for it (0: never admitted).
struct Readmit {
  NodeId node;
  Incarnation expected;
  Incarnation incarnation;

  friend bool operator==(const Readmit&, const Readmit&) = default;
};

[[nodiscard]] Payload encode(const Readmit& readmit);
[[nodiscard]] bool decode(const Payload& payload, Readmit& readmit);

}  // namespace synod
