// File: storage.hpp
//
// What remembers. The journal (synod/journal.hpp) is the durable one, MemoryStorage forgets.
// docs/how-to/storage.md shows how to write one; the contract test is
// synod/testing/storage_contract.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <synod/limits.hpp>
#include <synod/record.hpp>
#include <synod/snapshot.hpp>
#include <synod/types.hpp>

namespace synod {

// One write: all of it becomes durable, with one sync.
struct WriteBatch {
  std::vector<Record> records;
  // These records and the saved snapshot of `checkpoint_round` are all that is needed: once they are
  // durable, every record before them, and every other snapshot, may be removed (H19).
  bool checkpoint = false;
  RoundNum checkpoint_round;
};

enum class MemoryKind : std::uint8_t {
  kAbsent,   // Nothing was ever written here.
  kIntact,   // Everything that was ever acknowledged is here.
  kDamaged,  // Something that may have been acknowledged is lost: the memory is a new one.
};

struct Loaded {
  MemoryKind memory = MemoryKind::kAbsent;
  // Where intact: the records in order, the first of them an IdentityRecord, and the snapshot. Where
  // damaged: nothing, what was there has been set aside.
  std::vector<Record> records;
  SnapshotPtr snapshot;
  std::string detail;  // For a person: what was damaged and where it was put.
};

enum class WriteStart : std::uint8_t {
  kWritten,  // It is done, and durable; `done` will not be called.
  kPending,  // `done` will be called, later.
};

using LoadDone = absl::AnyInvocable<void(absl::StatusOr<Loaded>)>;
// Ok: durable. ResourceExhausted: there is no space, nothing was written, try again later. Anything
// else: unknown; the node stops for good, because a second sync that succeeds proves nothing (H11).
using WriteDone = absl::AnyInvocable<void(absl::Status)>;

// Called on the node's thread; completions come on it too (through Runtime::post), never inside the
// call that they belong to.
class Storage {
 public:
  virtual ~Storage() = default;
  // Called once, first. Whatever it gives back is durable before `done` is called.
  virtual void load(LoadDone done) = 0;
  // At most one at a time, in order. `batch` belongs to the caller and stays unchanged until the end.
  // The first record of all, where memory is not intact, is an IdentityRecord.
  [[nodiscard]] virtual WriteStart write(const WriteBatch& batch, WriteDone done) = 0;
  // Saves a snapshot beside the records; may overlap with writes. At most one at a time.
  virtual void save(SnapshotPtr snapshot, WriteDone done) = 0;
  // Bytes that it takes up, about.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
};

}  // namespace synod
