// What a transferable snapshot holds, and its bytes (docs/formats/snapshot.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <synod/cluster.hpp>
#include <synod/snapshot.hpp>

#include "protocol/id_table.hpp"
#include "protocol/membership.hpp"

namespace synod {

struct SnapshotContent {
  RoundNum round;
  std::uint64_t digest = 0;
  GenesisMap genesis;
  std::vector<IncarnationChange> changes;
  IdTable ids{0};
  std::span<const std::byte> state;  // Inside the snapshot's bytes.
};

// Writes everything but the state, which `save` then appends; it returns false where it cannot.
template <class Save>
[[nodiscard]] SnapshotPtr encode_snapshot(const SnapshotContent& content, const IdTable& ids,
                                          Save save);
// Nothing where the bytes are no snapshot of this version.
[[nodiscard]] std::optional<SnapshotContent> decode_snapshot(const Snapshot& snapshot);

// --- Implementation.

void encode_snapshot_head(const SnapshotContent& content, const IdTable& ids, Bytes& out);

template <class Save>
SnapshotPtr encode_snapshot(const SnapshotContent& content, const IdTable& ids, Save save) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->round = content.round;
  encode_snapshot_head(content, ids, snapshot->bytes);
  if (!save(snapshot->bytes)) return nullptr;
  return snapshot;
}

}  // namespace synod
