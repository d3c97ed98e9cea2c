// File: memory_storage.hpp
//
// The storage of a node that forgets: for prototypes, and for clusters that live with what amnesia
// costs (a restarted node is a new memory and must be admitted again).
#pragma once

#include <cstdint>

#include <synod/runtime.hpp>
#include <synod/storage.hpp>

namespace synod {

// Gives absent memory, calls every write done at once (kWritten) and keeps nothing.
class MemoryStorage final : public Storage {
 public:
  // `runtime` must outlive it.
  explicit MemoryStorage(Runtime& runtime) : runtime_(runtime) {}

  void load(LoadDone done) override;
  [[nodiscard]] WriteStart write(const WriteBatch& batch, WriteDone done) override;
  void save(SnapshotPtr snapshot, WriteDone done) override;
  [[nodiscard]] std::uint64_t size() const override { return 0; }

 private:
  Runtime& runtime_;
};

}  // namespace synod
