// Passes everything on to a storage and tells the checker what is durable.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include <synod/simulation/checker.hpp>
#include <synod/storage.hpp>

namespace synod::simulation {

class WatchedStorage final : public Storage {
 public:
  // Gets a line for each call and each answer; null: nobody looks.
  using Trace = std::function<void(const std::string&)>;

  // What a start found.
  using OnMemory = std::function<void(MemoryKind)>;

  // All outlive it.
  WatchedStorage(Storage& storage, Checker& checker, NodeId node, Trace trace, OnMemory on_memory)
      : storage_(storage),
        checker_(checker),
        node_(node),
        trace_(std::move(trace)),
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

  Storage& storage_;
  Checker& checker_;
  NodeId node_;
  Incarnation incarnation_;
  Trace trace_;
  OnMemory on_memory_;
  std::function<void()> on_first_durable_;
  absl::Status failure_;  // The first that is for good.
};

}  // namespace synod::simulation
