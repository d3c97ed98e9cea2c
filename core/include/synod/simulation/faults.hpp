// File: faults.hpp
//
// What goes wrong in a simulated cluster. Each seed draws which classes are on and how strong they
// are ("swarm"): a run in which everything fails at once finds less than many that differ.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <synod/limits.hpp>
#include <synod/prng.hpp>
#include <synod/simulation/simulated_network.hpp>
#include <synod/types.hpp>

namespace synod::simulation {

enum class Fault : std::uint8_t {
  kLoss,         // Messages are lost.
  kDuplication,  // Messages come twice, the second time late.
  kDelay,        // Messages are slow and overtake each other.
  kStragglers,   // A few come many seconds late, also into a later life.
  kPartition,    // The nodes fall into two groups.
  kOneWay,       // One node is not heard, or does not hear.
  // Links.
  kBursts,               // A link loses everything for a moment.
  kReplay,               // A message comes again up to a minute later, also to a later life.
  kIsolateLeader,        // The leader is cut off from all.
  kIsolateOne,           // Any one node is.
  kMinority,             // The greatest minority is cut off from the majority.
  kLeaderInOnly,         // The leader hears and is not heard.
  kLeaderOutOnly,        // The leader is heard and does not hear.
  kOneWayPair,           // One direction between two nodes is cut.
  kChain,                // Each node reaches its neighbours in a row only.
  kRing,                 // The same, and the ends reach each other.
  kStar,                 // All reach the leader only.
  kQuorumLoss,           // All reach one follower only: the leader reaches no quorum.
  kConstrainedElection,  // The leader is gone, and only a node that is behind reaches the others.
  kOneLink,              // The link between the leader and one follower is cut.
  kFlapping,             // A link comes and goes.
  kClog,                 // A link holds everything back, then floods.
  kSwizzle,              // All links of some nodes clog one by one, and open in another order.
  kBandwidth,            // A link carries so many bytes a second.
  kHostileFrames,        // Frames are changed on the way.
  // Clocks; drift within the bound is kClockDrift.
  kClockRates,  // Clocks run at half to twice the true rate.
  kSuspend,     // A node stands still, and its clock with it.
  // Voters.
  kNay,            // Voters refuse entries at random.
  kAbstain,        // Voters abstain from candidates at random.
  kThrowingVoter,  // Voters throw.
  // Members, changed by entries of the log.
  kJoin,          // A node with an empty disk starts, is admitted and added.
  kLeave,         // A member is removed, and shut down once that is complete.
  kRemoveLeader,  // The same, the leader.
  kSwap,          // One goes and another comes in one step.
  kShrink,        // One member is left.
  kGrow,          // All that are admitted are members.
  kQuorums,       // Weights and quorum policy change.
  kTwoChanges,    // Two changes at once, from two nodes.
  kWindow,        // The window becomes 1, 2 or 8 rounds.
  // Snapshots on their way.
  kSnapshotCut,       // The link is cut at a chunk.
  kSnapshotSource,    // The source dies at a chunk.
  kSnapshotNewer,     // The source takes a newer one meanwhile.
  kSnapshotReceiver,  // The receiver dies at a chunk or a step of the installation.
  kCrash,             // One node crashes, loses what was not synced and starts again.
  kCrashAll,          // All do, at the same moment.
  kPause,             // A node stands still for a while, and then all its timers are due.
  kWipe,              // A node loses its disk; never so many that the rest is no quorum.
  kClockDrift,        // Clocks differ and run at different rates.
  kSlowDisk,          // A disk takes long.

  // Disks.
  kUnsynced,          // A crash loses any subset of what was not synced, not only the last of it.
  kTorn,              // It leaves a write in part.
  kRot,               // Bytes that were synced long ago change; enough memories are left intact.
  kRotEverywhere,     // They do on so many disks that the memories left are no quorum.
  kLostWrite,         // A write that was synced is not there.
  kMisdirectedWrite,  // It is there, but in another place.
  kMisdirectedRead,   // A read at a start gives something else.
  kReadError,         // A read fails, at a start.
  kWriteError,        // A write fails.
  kOpenError,         // A file cannot be created.
  kRenameError,       // It cannot be renamed.
  kSyncError,         // A sync fails, once.
  kSyncDead,          // Every sync fails, for a while and over several starts.
  kSyncLie,       // One fails, and what it should have saved is read back until the power fails.
  kDiskFull,      // There is no space, for a while.
  kSluggishDisk,  // One disk takes 10 to 1000 times as long, for a while.
  kHungDisk,      // Nothing that it was asked for completes, for a while.

  // Nodes.
  kCrashMidway,       // A node crashes before, within or after an operation of its disk.
  kKill,              // A process dies, the machine does not.
  kRestartStorm,      // Some nodes, or all, crash and start again and again.
  kLongPause,         // A node stands still for minutes.
  kOldBackup,         // An earlier copy of a directory is put in its place.
  kSlowApply,         // A state machine takes long.
  kForeignDirectory,  // A node finds another node's directory in the place of its own.
  kVolumeRollback,    // A whole volume is rolled back, and nobody can tell.
};
inline constexpr std::size_t kFaultCount = static_cast<std::size_t>(Fault::kVolumeRollback) + 1;

[[nodiscard]] std::string_view to_string(Fault fault);
// Whether it comes and goes; the others are there all the time.
[[nodiscard]] bool strikes_at_moments(Fault fault);

// Whether it strikes by entries of the log that change the cluster or the window.
[[nodiscard]] bool changes_members(Fault fault);
// Whether a node may have to start without what it remembered.
[[nodiscard]] bool may_cost_a_memory(Fault fault);

// By class, how often it did something: a message lost, a crash, a slow sync.
using FaultCounts = std::array<std::uint64_t, kFaultCount>;

// A set of fault classes.
class Faults {
 public:
  [[nodiscard]] bool has(Fault fault) const { return on_[static_cast<std::size_t>(fault)]; }
  // Any of the classes from `first` to `last`, in the order of Fault.
  [[nodiscard]] bool has_any(Fault first, Fault last) const;
  void set(Fault fault, bool on = true) { on_[static_cast<std::size_t>(fault)] = on; }
  // All but kOldBackup, which a cluster need not stand: a memory that forgot and does not know it
  // may cost what was acknowledged (docs/testing.md). It must be asked for by name.
  [[nodiscard]] static Faults everything();
  [[nodiscard]] static Faults none() { return {}; }
  // The names, with commas; "none" for none of them.
  [[nodiscard]] std::string text() const;
  // Reads what text() writes, "all" and "none"; false, and unchanged, for anything else.
  [[nodiscard]] bool parse(std::string_view text);

 private:
  std::array<bool, kFaultCount> on_ = {};
};

// `limits`, or one time in two some of them made tiny: batches of one entry, pages of one, chunks
// of a few bytes, queues that overflow. Nothing that a cluster cannot live with.
[[nodiscard]] Limits draw_limits(std::uint64_t seed, Limits limits);

// What one seed drew.
struct FaultPlan {
  Faults faults;
  NetworkConditions network;                        // While faults are on: of the worst link.
  Duration mean_between = std::chrono::seconds(2);  // Two faults of those that strike at moments.
  Duration mean_length = std::chrono::seconds(1);   // Of one of them.
  Duration disk_delay_max = std::chrono::milliseconds(5);
  std::int64_t drift_ppm_max = 0;
  double nay = 0;  // Of the votes of a voter.
  double abstain = 0;
  double throws = 0;
  // For those that strike at moments.
  std::int64_t sluggishness = 10;                 // A sluggish disk takes so many times as long.
  Duration hang_max = std::chrono::seconds(5);    // Of a disk.
  Duration pause_max = std::chrono::seconds(60);  // Of a long pause.
  Duration apply_max = std::chrono::milliseconds(100);
  std::uint64_t rotten_bytes_max = 1;  // At one strike.
};

// Each class of `allowed` is on with one in three to one in twelve, which is drawn first: some runs
// have few faults, some many, none all. Strengths are drawn as well.
[[nodiscard]] FaultPlan draw_plan(Prng& prng, const Faults& allowed);
// Everything in `faults` is on, with drawn strengths.
[[nodiscard]] FaultPlan draw_strengths(Prng& prng, const Faults& faults);

}  // namespace synod::simulation
