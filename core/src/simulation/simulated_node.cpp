#include "simulation/simulated_node.hpp"

#include <algorithm>
#include <utility>

#include <synod/hash.hpp>

namespace synod::simulation {
namespace {

// Small, so that a run fills many segments: as in production, a snapshot is due after some of them.
constexpr std::uint64_t kSegmentBytes = 8u << 10;

// What clients say of themselves says more.
bool is_told_by_clients(Happening happening) {
  return happening == Happening::kAppendFailed || happening == Happening::kReadAnswered ||
         happening == Happening::kReadFailed;
}

}  // namespace

void World::tell(Moment moment) const {
  moment.at = scheduler.now();
  if (options.timeline) options.timeline(moment);
  if (options.trace) options.trace(line_of(moment));
}

void World::tell(Happening happening, NodeId node, std::string_view text) const {
  if (tracing()) tell({.happening = happening, .node = node, .text = std::string(text)});
}

void World::stamp(std::uint64_t value) {
  hash = mix(hash + mix(value + static_cast<std::uint64_t>(scheduler.now().microseconds())));
}

SimulatedNode::SimulatedNode(World& world, NodeId id, std::uint64_t seed, ClockDrift drift)
    : world_(world),
      id_(id),
      prng_(seed),
      drift_(drift),
      moods_(prng_.fork()),
      limits_(world.options.replica.limits),
      disk_(prng_.fork()),
      disk_owner_(id) {
  world_.network.add(id_, lane_);
}

SimulatedNode::~SimulatedNode() {
  world_.scheduler.end_life(lane_);
  life_.reset();
}

bool SimulatedNode::ready() const { return life_ != nullptr && life_->ready; }

RunnerOptions SimulatedNode::runner_options() {
  RunnerOptions options;
  options.cluster = ClusterId::of("simulated");
  options.replica = world_.options.replica;
  options.replica.id = id_;
  options.replica.limits = limits_;
  // A spare joins: it knows whom to ask.
  if (world_.cluster.find(id_) != nullptr) options.replica.founders = world_.cluster;
  options.replica.peers = world_.peers;
  // Who founds alone says so once: never of a directory that came up empty (H21).
  options.replica.found_alone = world_.cluster.members.size() == 1 && founds_alone_;
  options.replica.seed = prng_.next();
  options.snapshot_every_bytes = world_.options.snapshot_every_bytes;
  return options;
}

void SimulatedNode::start() {
  ++lives_;
  stopped_ = absl::OkStatus();
  counts_at_start_ = disk_.counts();
  warned_of_losses_ = false;
  world_.tell(Happening::kStarts, id_, "starts");
  world_.checker.on_started(id_);
  life_ = std::make_unique<Life>();
  life_->runtime = std::make_unique<SimulatedRuntime>(world_.scheduler, lane_, drift_);
  life_->files = disk_.make_file_system([this](Duration delay, Work work) {
    world_.scheduler.at(world_.scheduler.now().after(delay), lane_, std::move(work));
  });
  life_->journal = std::make_unique<Journal>(
      *life_->files, JournalOptions{ClusterId::of("simulated"), id_, kSegmentBytes});
  WatchedStorage::Tell tell;
  if (world_.tracing()) tell = [this](Moment moment) { this->tell(std::move(moment)); };
  life_->storage =
      std::make_unique<WatchedStorage>(*life_->journal, world_.checker, id_, std::move(tell),
                                       [this](MemoryKind kind) { on_memory(kind); });
  life_->state = std::make_unique<WatchedState>(
      world_.observer->make_state(id_), world_.checker, id_,
      [this](RoundNum round, const Entry& entry, std::optional<SkipReason> skipped) {
        on_applied(round, entry, skipped);
      });
  life_->communicator = world_.network.connect(id_);
  make_runner();
}

void SimulatedNode::make_runner() {
  const SimulationOptions& options = world_.options;
  life_->runner = std::make_unique<Runner>(
      runner_options(), *life_->runtime, *life_->storage, *life_->communicator, *life_->state,
      std::make_unique<MoodyVoter>(
          options.voter ? options.voter(id_) : std::make_unique<IndiscriminateVoter>(), moods_),
      options.decorations ? options.decorations(id_) : std::vector<std::unique_ptr<Decoration>>());
  life_->runner->on_event([this](const Event& event) { on_event(event); });
  life_->runner->on_stopped([this](absl::Status status) {
    if (world_.tracing()) world_.tell(Happening::kStops, id_, "stopped: " + status.ToString());
    stopped_ = std::move(status);
  });
  life_->runner->start([this](const absl::Status& status) {
    if (status.ok()) {
      life_->ready = true;
    } else {
      if (world_.tracing()) {
        world_.tell(Happening::kStops, id_, "does not start: " + status.ToString());
      }
      stopped_ = status;
    }
  });
}

Incarnation SimulatedNode::memory() const {
  return ready() ? life_->runner->view().incarnation : memory_;
}

void SimulatedNode::end_life() {
  memory_ = memory();
  clock_stopped_at_.reset();
  applying_ = false;
  standing_still_ = false;
  world_.scheduler.end_life(lane_);
  applying_ = false;
  standing_still_ = false;
  life_->communicator->stop();
}

void SimulatedNode::crash() {
  world_.tell(Happening::kCrashes, id_, "crashes: what was not synced is lost, in part");
  end_life();
  disk_.crash(prng_);
  life_.reset();
}

void SimulatedNode::tell(Moment moment) const {
  moment.node = id_;
  world_.tell(std::move(moment));
}

void SimulatedNode::lose_power() { up() ? crash() : disk_.crash(prng_); }

void SimulatedNode::pause(bool clock_too) {
  world_.tell(Happening::kPauses, id_, clock_too ? "is suspended, its clock too" : "stands still");
  standing_still_ = true;
  world_.scheduler.pause(lane_);
  if (clock_too) clock_stopped_at_ = local_now();
}

void SimulatedNode::resume() {
  if (standing_still_) world_.tell(Happening::kResumes, id_, "goes on");
  standing_still_ = false;
  if (!applying_) world_.scheduler.resume(lane_);
  if (!clock_stopped_at_.has_value()) return;
  life_->runtime->set_clock(*std::exchange(clock_stopped_at_, std::nullopt));
  drift_ = life_->runtime->drift();
}

void SimulatedNode::retire() {
  if (!ready() || !in_service_) return;
  in_service_ = false;
  world_.trace(id_, "is removed, and shuts down");
  shut_down([this] {
    // Not inside a call of what is to end.
    world_.scheduler.at(world_.scheduler.now(), lane_, [this] {
      world_.tell(Happening::kRetires, id_, "is retired");
      end_life();
      life_.reset();
    });
  });
}

void SimulatedNode::kill() {
  world_.tell(Happening::kCrashes, id_, "is killed: what it wrote stays");
  end_life();
  disk_.kill(prng_);
  life_.reset();
}

// The trap springs inside of a turn: from then on the node writes nothing and says nothing, and its
// life ends as soon as the turn is over.
void SimulatedNode::crash_midway(std::uint64_t operations, TrapMoment moment,
                                 absl::AnyInvocable<void()> crashed) {
  auto end = [this, life = lives_, crashed = std::move(crashed)]() mutable {
    if (life_ == nullptr || lives_ != life) return;
    crash();
    crashed();
  };
  disk_.set_trap(operations, moment, [this, end = std::move(end)]() mutable {
    if (life_ == nullptr) return;  // It is ending anyway.
    world_.trace(id_, "is about to crash");
    life_->communicator->stop();
    world_.scheduler.at(world_.scheduler.now(), std::move(end));
  });
}

void SimulatedNode::replace_disk(const SimulatedDisk::Image& image, NodeId owner) {
  if (image.empty()) {
    world_.tell(Happening::kWiped, id_, "loses its disk");
  } else if (world_.tracing()) {
    world_.tell(Happening::kDiskFault, id_, "gets a disk of node " + to_string(owner));
  }
  disk_owner_ = owner;
  if (image.empty()) memory_ = Incarnation(0);
  disk_.become(image);
}

void SimulatedNode::roll_back(const SimulatedDisk::Volume& volume) {
  world_.trace(id_, "gets a volume of its own");
  disk_owner_ = id_;
  disk_.roll_back(volume);
}

// --- Memory --------------------------------------------------------------------------------------

// A memory is thrown away only where something was done to it: a node that takes a torn end for rot
// would lose it in every power failure.
void SimulatedNode::on_memory(MemoryKind kind) {
  const bool damaged = kind == MemoryKind::kDamaged;
  world_.tell(damaged ? Happening::kDiskFault : Happening::kNote, id_,
              kind == MemoryKind::kIntact ? "remembers"
              : damaged                   ? "has a damaged memory"
                                          : "has no memory");
  if (kind != MemoryKind::kIntact && has_memory_ && !loss_expected_) {
    world_.checker.violation("I9", "node " + to_string(id_) + " gave its memory up without need");
  }
  if (damaged && damage_ == Damage::kUnseen) {
    ++world_.damage.detected;
    damage_ = Damage::kDetected;
  }
  has_memory_ = kind == MemoryKind::kIntact;
  if (has_memory_) return;
  // The identity of the next memory is the first thing that becomes durable.
  life_->storage->on_first_durable([this] {
    has_memory_ = true;
    loss_expected_ = false;
  });
}

bool SimulatedNode::stopped_for_cause() const {
  const DiskCounts& now = disk_.counts();
  const DiskCounts& then = counts_at_start_;
  const std::string text(stopped_.message());
  const auto names = [&text](const char* what) { return text.find(what) != std::string::npos; };
  return (names("simulated read error") && now.read_errors > then.read_errors) ||
         (names("simulated write error") && now.write_errors > then.write_errors) ||
         (names("simulated open error") && now.open_errors > then.open_errors) ||
         (names("simulated rename error") && now.rename_errors > then.rename_errors) ||
         (names("simulated sync error") && now.sync_errors > then.sync_errors) ||
         (names("no space for") && !ready() && now.refused > then.refused) ||
         (names("belongs to ") && disk_owner_ != id_ && !ready());
}

bool SimulatedNode::disk_failed() const {
  const DiskCounts& now = disk_.counts();
  const DiskCounts& then = counts_at_start_;
  return now.write_errors > then.write_errors || now.open_errors > then.open_errors ||
         now.rename_errors > then.rename_errors || now.sync_errors > then.sync_errors;
}

bool SimulatedNode::says_it_stands_still() const {
  if (!stopped_.ok() || warned_of_losses_) return true;
  return ready() && view().participation == Participation::kPassive;
}

// --- Applying ------------------------------------------------------------------------------------

// The node's thread is busy, so nothing else happens on it meanwhile.
void SimulatedNode::take_time_to_apply() {
  if (apply_max_ == Duration::zero()) return;
  ++slow_applies_;
  const Timestamp now = world_.scheduler.now();
  applying_until_ = std::max(now, applying_until_).after(prng_.between(Duration(1), apply_max_));
  if (std::exchange(applying_, true)) return;
  world_.scheduler.pause(lane_);
  go_on_after_apply();
}

void SimulatedNode::slow_apply(Duration max) {
  apply_max_ = max;
  if (max > Duration::zero() || !std::exchange(applying_, false)) return;
  if (!standing_still_) world_.scheduler.resume(lane_);
}

void SimulatedNode::go_on_after_apply() {
  world_.scheduler.at(applying_until_, [this, life = lives_] {
    if (life != lives_ || !applying_) return;
    if (world_.scheduler.now() < applying_until_) return go_on_after_apply();
    applying_ = false;
    if (!standing_still_) world_.scheduler.resume(lane_);
  });
}

void SimulatedNode::shut_down(absl::AnyInvocable<void()> done) {
  life_->runner->shut_down(std::move(done));
}

void SimulatedNode::on_applied(RoundNum round, const Entry& entry,
                               std::optional<SkipReason> skipped) {
  world_.stamp(fingerprint(entry) ^ mix(round.value()) ^ id_.value());
  world_.checker.on_applied(id_, round, entry, skipped, life_->state->concurrency());
  if (!skipped) take_time_to_apply();
}

// A start, or an installation, says which round the state that it loaded stands after.
void SimulatedNode::on_loaded(RoundNum round) {
  life_->state->loaded_after(round);
  world_.checker.on_installed(id_, round);
}

void SimulatedNode::on_event(const Event& event) {
  if (world_.tracing()) {
    Moment moment = moment_of(event);
    if (is_told_by_clients(moment.happening)) moment.happening = Happening::kDetail;
    tell(std::move(moment));
  }
  if (world_.watcher) world_.watcher(id_, event);
  if (const auto* won = std::get_if<MandateWon>(&event)) world_.note_mandate(won->coord.proposer);
  if (const auto* started = std::get_if<Started>(&event)) {
    on_loaded(started->applied);
  } else if (const auto* installed = std::get_if<Installed>(&event)) {
    on_loaded(installed->round);
  } else if (const auto* removed = std::get_if<RemovalComplete>(&event)) {
    world_.checker.on_removal_complete(id_, removed->boundary);
  } else if (const auto* changed = std::get_if<ParticipationChanged>(&event)) {
    if (changed->after != Participation::kActive || damage_ != Damage::kDetected) return;
    ++world_.damage.repaired;
    damage_ = Damage::kNone;
  } else if (const auto* warning = std::get_if<Warning>(&event)) {
    if (warning->text.find("too many members lost") != std::string::npos) warned_of_losses_ = true;
  } else if (const auto* broken = std::get_if<Violation>(&event)) {
    world_.checker.violation("I19", "node " + to_string(id_) + " says: " + broken->text);
  } else if (const auto* applied = std::get_if<Applied>(&event)) {
    // One look for each turn: at the last of its applies.
    if (applied->placed.round != life_->state->applied()) return;
    const ReplicaView now = view();
    if (now.applied == applied->placed.round) {
      world_.checker.on_digest(id_, now.applied, now.log_digest);
    }
  }
}

}  // namespace synod::simulation
