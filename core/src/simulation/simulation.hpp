// One run: the cluster and the phases that it goes through.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include <synod/simulation/cluster.hpp>

#include "simulation/faults/nemesis.hpp"
#include "simulation/simulated_node.hpp"
#include "simulation/workload.hpp"

namespace synod::simulation {

// Ends a run in whichever phase it is: no demand is looked at any more.
struct TimeIsUp {};

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options);

  Report run();

 private:
  void make_nodes();
  [[nodiscard]] ClockDrift draw_clock(Prng& clocks) const;
  void watch();
  // Tells whoever looks what becomes of messages, what is chosen and what is broken.
  void tell_timeline();
  // All that a run goes through, as far as nothing is broken.
  void play();
  void warm_up();
  // Where a quorum founds: some nodes come late, or faults strike meanwhile.
  void found_in_trouble();
  void suffer();
  void end_all();
  // Runs until `reached`, or until `limit` of virtual time is over: then, false. Throws TimeIsUp
  // where SimulationOptions::until comes before that.
  template <class Predicate>
  bool run_until(Duration limit, Predicate reached);
  // When something will have happened: the first of equal steps.
  [[nodiscard]] Timestamp next_look(Timestamp end) const;
  void look_after_nodes();
  [[nodiscard]] bool is_founded_by_all() const;
  [[nodiscard]] bool is_founded_by_all_that_are_up() const;
  [[nodiscard]] std::string standings() const;
  [[nodiscard]] Report report();

  // recovery.cpp: what must work again, and how soon.
  void recover();
  void heal();
  void demand_liveness();
  void demand_appends();
  void demand_equal_rounds();
  void demand_calm();
  [[nodiscard]] bool may_be_disturbed() const;
  // The same as run_until, and a violation where it is false and the core could have done it.
  template <class Predicate>
  bool demand(Duration limit, const std::string& what, Predicate reached);
  [[nodiscard]] std::uint64_t behind() const;
  // A random set of nodes whose memories can carry on; empty where even all cannot.
  [[nodiscard]] NodeSet choose_core();
  // All are healed, and cannot go on: then nothing goes on, and everybody says why.
  void demand_standstill();
  // Adds to the core what it turns out to need. False: it needs nothing, or nothing helps.
  [[nodiscard]] bool grow_core();
  // Whether these of the `intact` memories can.
  [[nodiscard]] bool can_carry_on(NodeSet nodes, const Checker::Memories& intact) const;
  [[nodiscard]] bool in_core(const SimulatedNode& node) const;
  // Of the core, and may vote in the next round.
  [[nodiscard]] bool is_voter(const SimulatedNode& node) const;
  void append_until_done(SimulatedNode& node);
  [[nodiscard]] SimulatedNode* any_voter();
  void append_now_and_then(SimulatedNode* node, Timestamp until);
  void append_at(SimulatedNode& node, std::function<void(bool)> done);
  // In the slowest clock's seconds.
  [[nodiscard]] Duration patience(std::int64_t election_timeouts) const;

  SimulationOptions options_;
  std::unique_ptr<Observer> own_observer_;  // Where the options name none.
  Prng prng_;
  Probes probes_;
  FaultPlan plan_;
  World world_;
  Timestamp until_;  // In true time.
  Workload::Nodes nodes_;
  std::unique_ptr<Workload> workload_;
  std::unique_ptr<Nemesis> nemesis_;
  NodeSet core_ = 0;
  std::uint64_t first_core_ = 0;  // Its size.
  std::string unrecoverable_;     // Why no core can carry on.
  bool stands_still_ = false;     // And that was demanded.
  NodeSet appended_ = 0;             // Nodes at which an append completed.
  std::uint64_t late_failures_ = 0;  // Of appends after the healing.
};

// `reached` depends on what happened alone, not on the time.
template <class Predicate>
bool Simulation::run_until(Duration limit, Predicate reached) {
  const Timestamp end = world_.scheduler.now().after(limit);
  while (world_.checker.ok() && world_.scheduler.now() < end) {
    if (world_.scheduler.now() >= until_) throw TimeIsUp();
    world_.scheduler.run_until(std::min(next_look(end), until_));
    look_after_nodes();
    if (reached()) return true;
  }
  return false;
}

}  // namespace synod::simulation
