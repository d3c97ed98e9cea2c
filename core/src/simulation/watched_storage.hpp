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

  // All outlive it.
  WatchedStorage(Storage& storage, Checker& checker, NodeId node, Trace trace)
      : storage_(storage), checker_(checker), node_(node), trace_(std::move(trace)) {}

  // The disk holds a memory and lost nothing since: not finding it intact is a violation.
  void expect_memory() { expects_memory_ = true; }
  void load(LoadDone done) override;
  [[nodiscard]] WriteStart write(const WriteBatch& batch, WriteDone done) override;
  void save(SnapshotPtr snapshot, WriteDone done) override;
  [[nodiscard]] std::uint64_t size() const override { return storage_.size(); }

 private:
  void written(const WriteBatch& batch);

  Storage& storage_;
  Checker& checker_;
  NodeId node_;
  Incarnation incarnation_;
  Trace trace_;
  bool expects_memory_ = false;
};

}  // namespace synod::simulation
