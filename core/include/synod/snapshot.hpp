// File: snapshot.hpp
//
// The transferable snapshot: everything that a node needs to go on from a round, whoever took it.
// It holds nothing of the taker's own promises and acceptances, and installing it leaves the
// installer's alone above the snapshot's round (H4).
#pragma once

#include <cstdint>
#include <memory>

#include <synod/bytes.hpp>
#include <synod/types.hpp>

namespace synod {

// Opaque to all but the replica that installs it: the round that it was taken after, and its bytes.
struct Snapshot {
  RoundNum round;
  Bytes bytes;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace synod
