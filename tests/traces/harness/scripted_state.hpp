// The state machine of stories. It lists what it applied, and some entries are orders to it:
//   members=ABD   from the end of the present window on, these are the members
//   window=3      so many rounds at once from now on
//   poison        ejects the state
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <synod/simulation/checker.hpp>
#include <synod/state_machine.hpp>

namespace synod::traces {

class ScriptedState final : public StateMachine {
 public:
  // `cluster` holds until an entry changes it. `checker` is told of clusters and of loads.
  ScriptedState(NodeId node, Cluster cluster, std::uint64_t window, simulation::Checker& checker);

  ApplyResult apply(RoundNum round, const Entry& entry) override;
  void skip(RoundNum round, const Entry& entry, SkipReason reason) override;
  [[nodiscard]] std::shared_ptr<const Cluster> cluster_at(RoundNum round) const override;
  [[nodiscard]] std::uint64_t concurrency() const override;
  bool save(Bytes& out) const override;
  bool load(std::span<const std::byte> bytes) override;
  void drop() override;

  // The texts of what took effect, with a space between.
  [[nodiscard]] std::string items() const;
  [[nodiscard]] RoundNum applied() const { return applied_; }

 private:
  void change_members(std::string_view letters, RoundNum from);

  NodeId node_;
  simulation::Checker& checker_;
  Cluster initial_;
  std::uint64_t initial_window_;
  RoundNum applied_;
  RoundNum window_end_;  // Never falls, also where the window shrinks.
  std::uint64_t window_;
  std::map<RoundNum, std::string> changes_;  // From which round on; letters.
  std::map<RoundNum, std::shared_ptr<const Cluster>> clusters_;
  std::vector<std::string> items_;
};

// A is 1, B is 2, and so on.
[[nodiscard]] NodeId node_called(char letter);
[[nodiscard]] char letter_of(NodeId node);

}  // namespace synod::traces
