// One run: the cluster and the phases that it goes through.
#pragma once

#include <memory>
#include <string>

#include <synod/simulation/cluster.hpp>

#include "simulation/faults/nemesis.hpp"
#include "simulation/simulated_node.hpp"
#include "simulation/workload.hpp"

namespace synod::simulation {

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options);

  Report run();

 private:
  void make_nodes();
  void warm_up();
  // Where a quorum founds: some nodes come late, or faults strike meanwhile.
  void found_in_trouble();
  void suffer();
  void recover();
  void demand_liveness();
  void end_all();
  // Runs until `reached`, or until `limit` of virtual time is over: then, false.
  template <class Predicate>
  bool run_until(Duration limit, Predicate reached);
  void look_after_nodes();
  [[nodiscard]] bool all_ready_and_voting() const;
  [[nodiscard]] bool is_founded_by_all_that_are_up() const;
  [[nodiscard]] bool all_equal() const;
  void append_at(SimulatedNode& node);
  [[nodiscard]] std::string standings() const;
  [[nodiscard]] Report report();

  SimulationOptions options_;
  std::unique_ptr<Observer> own_observer_;  // Where the options name none.
  Prng prng_;
  Probes probes_;
  FaultPlan plan_;
  World world_;
  Workload::Nodes nodes_;
  std::unique_ptr<Workload> workload_;
  std::unique_ptr<Nemesis> nemesis_;
  std::uint64_t late_appends_ = 0;  // Asked for after the healing, and not answered.
};

}  // namespace synod::simulation
