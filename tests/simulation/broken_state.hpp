// State machines that are wrong on purpose: what a failing run is made of in the tests of those who
// look at failing runs.
#pragma once

#include <csignal>
#include <memory>
#include <string_view>
#include <utility>

#include <synod/check.hpp>
#include <synod/simulation/cluster.hpp>
#include <synod/simulation/list_state.hpp>

namespace synod::simulation {

enum class Wrong {
  kAfterRestart,  // What was started again gives up at its first entry: needs a crash to be seen.
  kAborts,        // The process dies at an entry from the 40th to the 99th.
  kHangs,         // It never comes back from it.
  kDies,          // The process is killed there.
};

class BrokenState final : public StateMachine {
 public:
  BrokenState(Wrong wrong, bool restarted) : wrong_(wrong), restarted_(restarted) {}

  ApplyResult apply(RoundNum round, const Entry& entry) override {
    // Not at one alone: each may fail to be appended.
    const std::string_view text = entry.payload.text();
    const bool fortieth = text.size() == 3 && text >= "e40";
    SYNOD_CHECK(wrong_ != Wrong::kAborts || !fortieth, "e40 is more than this state can bear");
    if (wrong_ == Wrong::kDies && fortieth) std::raise(SIGKILL);
    // Changed for nobody to see, so that the loop is not taken for one that must end.
    while (wrong_ == Wrong::kHangs && fortieth) spun_ = spun_ + 1;
    if (wrong_ == Wrong::kAfterRestart && restarted_) return {true, "forgot how <it> goes"};
    return list_.apply(round, entry);
  }
  void skip(RoundNum round, const Entry& entry, SkipReason reason) override {
    list_.skip(round, entry, reason);
  }
  std::shared_ptr<const Cluster> cluster_at(RoundNum round) const override {
    return list_.cluster_at(round);
  }
  std::uint64_t concurrency() const override { return 8; }
  bool save(Bytes& out) const override { return list_.save(out); }
  bool load(std::span<const std::byte> bytes) override { return list_.load(bytes); }
  void drop() override { list_.drop(); }

 private:
  Wrong wrong_;
  bool restarted_;
  volatile std::uint64_t spun_ = 0;
  ListState list_{8};
};

// A factory for one run: it tells a restart by counting starts.
inline std::function<std::unique_ptr<StateMachine>()> broken_state(Wrong wrong,
                                                                   std::uint64_t nodes) {
  return [wrong, nodes, starts = std::uint64_t{0}]() mutable {
    return std::make_unique<BrokenState>(wrong, ++starts > nodes);
  };
}

}  // namespace synod::simulation
