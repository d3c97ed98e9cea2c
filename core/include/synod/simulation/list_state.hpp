// File: list_state.hpp
//
// A state machine for simulations that keeps a list of what it applied, and can be told to change
// the cluster by an entry.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <synod/state_machine.hpp>

namespace synod::simulation {

class ListState final : public StateMachine {
 public:
  struct Item {
    RoundNum round;
    EntryId id;
    std::string text;
    friend bool operator==(const Item&, const Item&) = default;
  };

  explicit ListState(std::uint64_t concurrency = 1) : concurrency_(concurrency) {}

  ApplyResult apply(RoundNum round, const Entry& entry) override;
  void skip(RoundNum round, const Entry& entry, SkipReason reason) override;
  [[nodiscard]] std::shared_ptr<const Cluster> cluster_at(RoundNum /*round*/) const override {
    return nullptr;
  }
  [[nodiscard]] std::uint64_t concurrency() const override { return concurrency_; }
  bool save(Bytes& out) const override;
  bool load(std::span<const std::byte> bytes) override;
  void drop() override;

  [[nodiscard]] RoundNum applied() const { return applied_; }
  [[nodiscard]] const std::vector<Item>& items() const { return items_; }

 private:
  std::uint64_t concurrency_;
  RoundNum applied_;
  std::vector<Item> items_;
};

}  // namespace synod::simulation
