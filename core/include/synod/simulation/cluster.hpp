// File: cluster.hpp
//
// A whole cluster in one thread and in virtual time, from one seed: the production replica, runner,
// codec and journal over a simulated clock, network and disk. Bring your own state machine,
// decorations and voter:
//
//   synod::simulation::SimulationOptions options;
//   options.seed = 7;
//   options.state = [] { return std::make_unique<MyStateMachine>(); };
//   const synod::simulation::Report report = synod::simulation::simulate(options);
//   EXPECT_TRUE(report.ok()) << report.text();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <synod/cluster.hpp>
#include <synod/decoration.hpp>
#include <synod/probe.hpp>
#include <synod/replica.hpp>
#include <synod/simulation/faults.hpp>
#include <synod/simulation/observer.hpp>
#include <synod/simulation/timeline.hpp>
#include <synod/state_machine.hpp>
#include <synod/voter.hpp>

namespace synod::simulation {

struct SimulationOptions {
  std::uint64_t seed = 1;
  std::uint64_t nodes = 3;        // Their ids are 1, 2, …; at most 60.
  std::uint64_t entries = 500;    // Appends before the cluster is healed.
  std::uint64_t concurrency = 8;  // Of the built-in state machine.
  // Which fault classes may strike; without `exactly`, the seed draws some of them.
  Faults faults = Faults::everything();
  bool exactly = false;
  QuorumPolicy policy = {};
  // The settings of every node; id, founders and seed are filled in, and in every other run
  // (never with `exactly`) stickiness.
  ReplicaOptions replica = {};
  // Small, so that snapshots are taken, and needed, in a short run. 0: never.
  std::uint64_t snapshot_every_bytes = 16u << 10;

  // Called for each start of each node; null: a ListState, no decoration, a voter that agrees.
  std::function<std::unique_ptr<StateMachine>()> state;
  std::function<std::vector<std::unique_ptr<Decoration>>(NodeId)> decorations;
  std::function<std::unique_ptr<Voter>(NodeId)> voter;
  // The payload of the n-th entry; null: a short text with the number.
  std::function<Payload(std::uint64_t)> payload;
  // Takes the place of `state` and `payload`. Null: where these two are null as well, the clients'
  // histories are recorded and checked for linearizability.
  Observer* observer = nullptr;
  // SYNOD_BUGGIFY sites fire, and each node draws Limits of its own, often tiny ones.
  bool buggify = true;
  // Where given, only these of the faults that strike at moments do, counted from 1: what is left
  // of a failing run that was made smaller. The others begin when they did.
  std::optional<std::vector<std::uint64_t>> strikes = std::nullopt;
  // The run ends after so much virtual time, whatever is left to do: nothing is demanded of it.
  Duration until = Duration::max();
  // Gets everything that happens in the whole cluster; null: nothing is built.
  Timeline timeline = nullptr;
  // The same as lines for a person.
  std::function<void(std::string_view)> trace;
};

// One of the faults that strike at moments.
struct Strike {
  std::uint64_t index = 0;  // From 1.
  Fault fault = Fault::kCrash;
  Timestamp at;
  friend bool operator==(const Strike&, const Strike&) = default;
};

// What became of damage to what was durable: rot, and writes that were lost or went astray (H12).
struct DamageCounts {
  std::uint64_t bytes = 0;     // Changed on disks, nobody having written them.
  std::uint64_t detected = 0;  // Memories that a start gave up for it.
  std::uint64_t repaired = 0;  // Those of them whose node was admitted anew, and voted again.
};

struct Report {
  std::vector<std::string> violations;  // Empty: all is well.
  std::uint64_t seed = 0;
  std::string replay;            // The command that plays this run again.
  std::string faults;            // What the seed drew.
  std::uint64_t trace_hash = 0;  // Over every delivery and every apply, with their times.
  std::uint64_t messages = 0;    // Delivered.
  std::uint64_t rounds = 0;
  std::uint64_t chosen = 0;
  std::uint64_t appends = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t reads = 0;
  std::uint64_t mandates = 0;  // How often the lead went to another node.
  HistoryCounts checked = {};
  FaultCounts struck{};         // By class of faults.
  std::vector<Strike> strikes;  // Those that happened.
  DamageCounts damage = {};
  Duration simulated = Duration::zero();
  ProbeCounts probes;  // Which marks and buggify sites it reached.
  // Nodes that were healed first, while the rest stayed broken.
  std::uint64_t core = 0;
  // Why the cluster could not go on after the healing, as the disks show; empty where it could. No
  // violation by itself: so many memories were destroyed that what is left cannot form a quorum.
  std::string unrecoverable;

  [[nodiscard]] bool ok() const { return violations.empty(); }
  // One line for a person, and one for each violation.
  [[nodiscard]] std::string text() const;
};

// The command that plays such a run again. What only code can say (a state, a voter) it leaves out.
[[nodiscard]] std::string replay_line(const SimulationOptions& options);

// Plays one seed: the cluster starts and works while faults strike. Then a random core of it that
// can form quorums is healed and must be live although the rest stays broken; at last, in some
// runs, so must the rest.
[[nodiscard]] Report simulate(const SimulationOptions& options);

}  // namespace synod::simulation
