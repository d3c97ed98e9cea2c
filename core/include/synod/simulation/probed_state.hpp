// File: probed_state.hpp
//
// A user's state on one simulated node: behind the adapter of production, and under observation.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <synod/prng.hpp>
#include <synod/simulation/machine_noise.hpp>
#include <synod/state_adapter.hpp>
#include <synod/state_machine.hpp>
#include <synod/types.hpp>

namespace synod::simulation {

template <class S>
class ProbedState final : public StateMachine {
 public:
  using Outcome = typename S::Outcome;

  // Is told after the state has done each thing.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // `skipped`: nothing was applied. The outcome is there for entries of the state's own.
    virtual void on_settled(ProbedState& state, RoundNum round, const Entry& entry,
                            std::optional<SkipReason> skipped,
                            const std::optional<Outcome>& outcome) = 0;
    virtual void on_ejected(ProbedState& state, RoundNum round, const Entry& entry,
                            const std::string& reason) = 0;
    virtual void on_loaded(ProbedState& state, bool loaded) = 0;
    virtual void on_gone(ProbedState& state) = 0;
  };

  // `watcher` outlives it.
  ProbedState(NodeId node, std::unique_ptr<S> state, Watcher& watcher, Prng prng)
      : node_(node), adapter_(std::move(state)), watcher_(watcher), noise_(prng) {
    adapter_.on_applied([this](const AppliedEffect<S>& effect) { outcome_ = effect.outcome; });
  }
  ~ProbedState() override { watcher_.on_gone(*this); }
  ProbedState(const ProbedState&) = delete;
  ProbedState& operator=(const ProbedState&) = delete;

  [[nodiscard]] NodeId node() const { return node_; }
  [[nodiscard]] StateAdapter<S>& adapter() { return adapter_; }

  // --- StateMachine ---
  ApplyResult apply(RoundNum round, const Entry& entry) override {
    noise_.stir();
    outcome_.reset();
    ApplyResult result = adapter_.apply(round, entry);
    if (result.ejected) {
      watcher_.on_ejected(*this, round, entry, result.reason);
    } else {
      watcher_.on_settled(*this, round, entry, std::nullopt, outcome_);
    }
    return result;
  }
  void skip(RoundNum round, const Entry& entry, SkipReason reason) override {
    outcome_.reset();
    adapter_.skip(round, entry, reason);
    watcher_.on_settled(*this, round, entry, reason, outcome_);
  }
  [[nodiscard]] std::shared_ptr<const Cluster> cluster_at(RoundNum round) const override {
    return adapter_.cluster_at(round);
  }
  [[nodiscard]] std::uint64_t concurrency() const override { return adapter_.concurrency(); }
  bool save(Bytes& out) const override { return adapter_.save(out); }
  bool load(std::span<const std::byte> bytes) override {
    noise_.stir();
    const bool loaded = adapter_.load(bytes);
    watcher_.on_loaded(*this, loaded);
    return loaded;
  }
  void drop() override { adapter_.drop(); }

 private:
  NodeId node_;
  StateAdapter<S> adapter_;
  Watcher& watcher_;
  HeapNoise noise_;
  std::optional<Outcome> outcome_;
};

}  // namespace synod::simulation
