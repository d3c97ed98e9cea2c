// Passes everything on to a state machine and tells the checker what went through.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include <synod/simulation/checker.hpp>
#include <synod/state_machine.hpp>

namespace synod::simulation {

class WatchedState final : public StateMachine {
 public:
  using OnApplied = std::function<void(RoundNum, const Entry&, std::optional<SkipReason>)>;

  WatchedState(std::unique_ptr<StateMachine> state, Checker& checker, NodeId node,
               OnApplied on_applied)
      : state_(std::move(state)),
        checker_(checker),
        node_(node),
        on_applied_(std::move(on_applied)) {}

  ApplyResult apply(RoundNum round, const Entry& entry) override;
  void skip(RoundNum round, const Entry& entry, SkipReason reason) override;
  [[nodiscard]] std::shared_ptr<const Cluster> cluster_at(RoundNum round) const override;
  [[nodiscard]] std::uint64_t concurrency() const override { return state_->concurrency(); }
  bool save(Bytes& out) const override { return state_->save(out); }
  bool load(std::span<const std::byte> bytes) override;
  void drop() override;

  // The round after which the state stands: of the last apply or of a snapshot since.
  [[nodiscard]] RoundNum applied() const { return applied_; }
  // The state that was loaded last stands after `round`, unless it has applied more since.
  void loaded_after(RoundNum round) { applied_ = std::max(applied_, round); }

 private:
  std::unique_ptr<StateMachine> state_;
  Checker& checker_;
  NodeId node_;
  OnApplied on_applied_;
  RoundNum applied_;
};

}  // namespace synod::simulation
