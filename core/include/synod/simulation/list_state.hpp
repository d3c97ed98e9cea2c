// File: list_state.hpp
//
// A state machine for simulations that keeps a list of what it applied, and can be told by an entry
// to change the cluster and the window.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <synod/state_machine.hpp>

namespace synod::simulation {

// An entry whose text is a command changes who takes part, from the first round on that lies above
// every window so far: inside the window nothing changes. A window that is made smaller shrinks by
// one with each round, because applied + concurrency may never fall. What is no sound command is an
// item like any other.
class ListState final : public StateMachine {
 public:
  struct Item {
    RoundNum round;
    EntryId id;
    std::string text;
    friend bool operator==(const Item&, const Item&) = default;
  };

  explicit ListState(std::uint64_t concurrency = 1);

  // "members 1 2*3 4 quorums 3/2": ids, weights other than 1, a policy other than the majority.
  [[nodiscard]] static std::string command(const Cluster& cluster);
  // "window 8"
  [[nodiscard]] static std::string command(std::uint64_t concurrency);

  ApplyResult apply(RoundNum round, const Entry& entry) override;
  void skip(RoundNum round, const Entry& entry, SkipReason reason) override;
  // Null before the first change.
  [[nodiscard]] std::shared_ptr<const Cluster> cluster_at(RoundNum round) const override;
  [[nodiscard]] std::uint64_t concurrency() const override { return window_end_.above(applied_); }
  bool save(Bytes& out) const override;
  bool load(std::span<const std::byte> bytes) override;
  void drop() override;

  [[nodiscard]] RoundNum applied() const { return applied_; }
  [[nodiscard]] const std::vector<Item>& items() const { return items_; }

 private:
  struct Change {
    RoundNum from;
    std::shared_ptr<const Cluster> cluster;
  };

  void obey(std::string_view text);
  void advance(RoundNum round);

  std::uint64_t initial_;
  std::uint64_t wanted_;  // The window, once it has shrunk to it.
  RoundNum applied_;
  RoundNum window_end_;
  std::vector<Change> changes_;  // By ascending rounds; the first one may bind already.
  std::vector<Item> items_;
};

}  // namespace synod::simulation
