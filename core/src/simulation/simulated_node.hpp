// One simulated machine: a disk and a clock that outlive the lives of its node.
#pragma once

#include <memory>
#include <string>

#include <synod/journal.hpp>
#include <synod/runner.hpp>
#include <synod/simulation/checker.hpp>
#include <synod/simulation/cluster.hpp>
#include <synod/simulation/simulated_disk.hpp>
#include <synod/simulation/simulated_network.hpp>
#include <synod/simulation/simulated_runtime.hpp>

#include "simulation/moody_voter.hpp"
#include "simulation/watched_state.hpp"
#include "simulation/watched_storage.hpp"

namespace synod::simulation {

// Nodes by their ids, which are below 64.
using NodeSet = std::uint64_t;
constexpr NodeSet set_of(NodeId node) { return NodeSet{1} << node.value(); }
constexpr bool has(NodeSet nodes, NodeId node) { return (nodes & set_of(node)) != 0; }

// What all nodes of one simulation share.
struct World {
  World(const SimulationOptions& simulation_options, Cluster founders, std::uint64_t network_seed)
      : options(simulation_options),
        cluster(std::move(founders)),
        network(scheduler, network_seed, NetworkConditions{}, simulation_options.replica.limits),
        checker(cluster) {}

  // Somebody looks: whatever costs something to describe is described only then.
  [[nodiscard]] bool tracing() const {
    return options.trace != nullptr || options.timeline != nullptr;
  }
  // Tells whoever looks; the time is filled in.
  void tell(Moment moment) const;
  // The same for what needs nothing but a text.
  void tell(Happening happening, NodeId node, std::string_view text) const;
  void trace(NodeId node, std::string_view text) const { tell(Happening::kNote, node, text); }
  void note_mandate(NodeId leader) {
    if (leader == last_leader) return;
    ++mandates_won;
    if (!has(still_broken, last_leader)) ++leads_taken;
    last_leader = leader;
  }
  // Makes the hash of the run depend on `value`.
  void stamp(std::uint64_t value);

  const SimulationOptions& options;
  Cluster cluster;
  Scheduler scheduler;
  SimulatedNetwork network;
  Checker checker;
  std::vector<NodeId> peers;  // All ids that there are.
  // How often the lead went to another node; one that renews its mandate goes on leading.
  std::uint64_t mandates_won = 0;
  // Of these, those that went away from a node whose faults are over.
  std::uint64_t leads_taken = 0;
  NodeSet still_broken = 0;
  DamageCounts damage;
  NodeId last_leader;
  // Sees every event, inside the node's turn; null: nobody looks.
  std::function<void(NodeId, const Event&)> watcher;
  std::uint64_t hash = 0;
  Observer* observer = nullptr;  // Set before the first node starts.
};

class SimulatedNode {
 public:
  SimulatedNode(World& world, NodeId id, std::uint64_t seed, ClockDrift drift);
  ~SimulatedNode();

  void start();
  // The process and the machine die: what was not synced is lost, in part.
  void crash();
  // As crash(), also where the process is down already.
  void lose_power();
  // The process alone dies.
  void kill();
  // As crash(), at the `operations`-th operation of its disk from now on, if this life lasts so
  // long; `crashed` runs after it.
  void crash_midway(std::uint64_t operations, TrapMoment moment,
                    absl::AnyInvocable<void()> crashed);
  // The disk is replaced by one that holds copies of the files of `image`, which `owner` wrote.
  // Requires: it is down.
  void replace_disk(const SimulatedDisk::Image& image, NodeId owner);
  // It is replaced by an earlier state of its own, or by itself: the very files.
  void roll_back(const SimulatedDisk::Volume& volume);
  // From the next start on the memory may be found damaged, or be an earlier one.
  void expect_memory_loss() {
    loss_expected_ = true;
    founds_alone_ = false;
  }
  // So many durable bytes of its disk changed without a write.
  void note_damage(std::uint64_t bytes) {
    world_.damage.bytes += bytes;
    damage_ = Damage::kUnseen;
  }
  // Stands still; with `clock_too` it does not notice, since its clock stops as well.
  void pause(bool clock_too = false);
  void resume();
  // From now on each apply takes up to so long; zero ends the one under way, too.
  void slow_apply(Duration max);
  // Ends by itself, as a user would; `done` runs when nothing of it is left to do.
  void shut_down(absl::AnyInvocable<void()> done);
  // Shuts down and goes out of service: it was removed from the cluster.
  void retire();

  // From the next start on.
  void set_limits(const Limits& limits) { limits_ = limits; }

  [[nodiscard]] NodeId id() const { return id_; }
  [[nodiscard]] bool up() const { return life_ != nullptr; }
  // Not a spare that nobody started yet, nor one that was retired.
  [[nodiscard]] bool in_service() const { return in_service_; }
  void set_in_service(bool in_service) { in_service_ = in_service; }
  [[nodiscard]] bool paused() const { return lane_.paused(); }
  // Up, and loaded.
  [[nodiscard]] bool ready() const;
  // Stopped by itself, with this reason; Ok where it did not.
  [[nodiscard]] const absl::Status& stopped() const { return stopped_; }
  // The incarnation of its memory, as far as was seen; 0 after its disk was lost.
  [[nodiscard]] Incarnation memory() const;
  [[nodiscard]] std::int64_t drift_ppm() const { return drift_.drift_ppm; }
  [[nodiscard]] Moods& moods() { return moods_; }
  // Whether the reason names something that its disk really did to it in this life.
  [[nodiscard]] bool stopped_for_cause() const;
  // Whether a write or what belongs to it failed in this life: then it stops, if only at its next
  // write.
  [[nodiscard]] bool disk_failed() const;
  // Whether it says that it cannot go on because too many memories are lost, or its own is.
  [[nodiscard]] bool says_it_stands_still() const;
  [[nodiscard]] std::uint64_t slow_applies() const { return slow_applies_; }
  // Counts starts.
  [[nodiscard]] std::uint64_t lives() const { return lives_; }
  // Not another node's directory.
  [[nodiscard]] bool has_its_own_disk() const { return disk_owner_ == id_; }
  [[nodiscard]] SimulatedDisk& disk() { return disk_; }
  [[nodiscard]] const SimulatedDisk& disk() const { return disk_; }
  [[nodiscard]] DiskFaults& disk_faults() { return disk_.faults(); }
  // That its disk was asked for, in all lives.
  [[nodiscard]] std::uint64_t syncs() const { return disk_.syncs(); }

  // Requires: ready().
  void append(AppendRequest request) { life_->runner->append(std::move(request)); }
  void read(ReadRequest request) { life_->runner->read(std::move(request)); }
  void take_snapshot() {
    life_->runner->take_snapshot([](const SnapshotPtr&) {});
  }
  [[nodiscard]] ReplicaView view() const { return life_->runner->view(); }
  [[nodiscard]] std::string describe() const { return life_->runner->describe(); }
  // With what it had from snapshots, which a state machine is not told the round of.
  [[nodiscard]] RoundNum applied() const { return view().applied; }
  [[nodiscard]] Timestamp local_now() const { return life_->runtime->now(); }

 private:
  // In the order in which they need each other.
  struct Life {
    std::unique_ptr<SimulatedRuntime> runtime;
    std::unique_ptr<FileSystem> files;
    std::unique_ptr<Journal> journal;
    std::unique_ptr<WatchedStorage> storage;
    std::unique_ptr<WatchedState> state;
    std::unique_ptr<Communicator> communicator;
    std::unique_ptr<Runner> runner;
    bool ready = false;
  };

  void make_runner();
  void tell(Moment moment) const;
  void on_memory(MemoryKind kind);
  void take_time_to_apply();
  void go_on_after_apply();
  void on_event(const Event& event);
  void on_loaded(RoundNum round);
  void on_applied(RoundNum round, const Entry& entry, std::optional<SkipReason> skipped);
  void end_life();
  [[nodiscard]] RunnerOptions runner_options();

  World& world_;
  NodeId id_;
  Prng prng_;
  ClockDrift drift_;
  Moods moods_;
  Lane lane_;
  Limits limits_;
  SimulatedDisk disk_;
  std::unique_ptr<Life> life_;
  absl::Status stopped_;
  bool in_service_ = true;
  bool founds_alone_ = true;  // Nobody took its memory yet.
  Incarnation memory_;        // Of the last life.
  std::optional<Timestamp> clock_stopped_at_;
  DiskCounts counts_at_start_;
  NodeId disk_owner_;        // Whose directory it has.
  bool has_memory_ = false;  // Something durable says so.
  bool loss_expected_ = false;
  enum class Damage : std::uint8_t { kNone, kUnseen, kDetected } damage_ = Damage::kNone;
  bool warned_of_losses_ = false;
  Duration apply_max_ = Duration::zero();
  Timestamp applying_until_;
  bool applying_ = false;
  bool standing_still_ = false;
  std::uint64_t slow_applies_ = 0;
  std::uint64_t lives_ = 0;
};

}  // namespace synod::simulation
