// Passes everything on to a storage and tells the checker what is durable.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include <synod/simulation/checker.hpp>
#include <synod/simulation/timeline.hpp>
#include <synod/storage.hpp>

namespace synod::simulation {

class WatchedStorage final : public Storage {
 public:
  // Gets a moment for each call and each answer; null: nobody looks.
  using Tell = std::function<void(Moment)>;

  // What a start found.
  using OnMemory = std::function<void(MemoryKind)>;

  // All outlive it.
  WatchedStorage(Storage& storage, Checker& checker, NodeId node, Tell tell, OnMemory on_memory)
      : storage_(storage),
        checker_(checker),
        node_(node),
        tell_(std::move(tell)),
        on_memory_(std::move(on_memory)) {}

  // `work` runs once the next write is durable.
  void on_first_durable(std::function<void()> work) { on_first_durable_ = std::move(work); }

  void load(LoadDone done) override;
  [[nodiscard]] WriteStart write(const WriteBatch& batch, WriteDone done) override;
  void save(SnapshotPtr snapshot, WriteDone done) override;
  [[nodiscard]] std::uint64_t size() const override { return storage_.size(); }

 private:
  void written(const WriteBatch& batch);
  void note(const absl::Status& status);
  void begin(const WriteBatch& batch) const;
  void end(const absl::Status& status, std::string_view what) const;
  void tell_saved(const absl::Status& status, RoundNum round) const;

  Storage& storage_;
  Checker& checker_;
  NodeId node_;
  Incarnation incarnation_;
  Tell tell_;
  OnMemory on_memory_;
  std::function<void()> on_first_durable_;
  absl::Status failure_;  // The first that is for good.
};

}  // namespace synod::simulation
