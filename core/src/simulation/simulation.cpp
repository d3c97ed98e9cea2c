#include "simulation/simulation.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <synod/hash.hpp>
#include <synod/status.hpp>

#include "simulation/check/factory_observer.hpp"

namespace synod::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Founding takes one exchange; a minute stands a hundred of its longest pauses.
constexpr Duration kWarmUpMax = seconds(60);
// The longest that a drawn partition lasts is two minutes, and a run should see several.
constexpr Duration kFaultsMax = seconds(600);
constexpr Duration kStartsApartMax = seconds(2);
constexpr Duration kTroubleMax = seconds(5);
// Whatever is still open at a shut-down has a deadline of at most ten seconds, on a clock that may
// be half as fast.
constexpr Duration kShutDownMax = seconds(60);
// Nodes that may join later.
constexpr std::uint64_t kSpares = 2;

// Sub-streams: what one of them draws does not move the others.
enum class Stream : std::uint64_t {
  kPlan = 1,
  kNetwork,
  kWorkload,
  kFaults,
  kClocks,
  kNode,
  kObserver,
  kBuggify,
  kLimits
};

std::uint64_t stream(std::uint64_t seed, Stream kind, std::uint64_t index = 0) {
  return mix(mix(seed + 1) + (static_cast<std::uint64_t>(kind) << 32) + index);
}

Cluster members_of(const SimulationOptions& options) {
  Cluster cluster;
  for (std::uint64_t i = 1; i <= options.nodes; ++i) {
    cluster.members.push_back(Member{.id = NodeId(i)});
  }
  cluster.policy = options.policy;
  return cluster;
}

bool brings_its_own_state(const SimulationOptions& options) {
  return options.state != nullptr || options.observer != nullptr;
}

// Draws the plan, and fits the options to it.
FaultPlan plan_of(SimulationOptions& options, Prng& prng) {
  Faults faults = options.faults;
  // A state of the user's does not know the entries that change members.
  for (auto i = static_cast<std::size_t>(Fault::kJoin);
       brings_its_own_state(options) && i <= static_cast<std::size_t>(Fault::kWindow); ++i) {
    faults.set(static_cast<Fault>(i), false);
  }
  const FaultPlan plan = options.exactly ? draw_strengths(prng, faults) : draw_plan(prng, faults);
  // Both ways of electing are in use.
  const bool sticky = prng.chance(0.5);
  if (sticky && !options.exactly) options.replica.stickiness = options.replica.quorum_timeout;
  if (plan.faults.has_any(Fault::kSnapshotCut, Fault::kSnapshotReceiver)) {
    // Whoever misses a little needs a snapshot, and it comes in many pieces.
    options.replica.limits.retained_entries_max = 16;
    options.replica.limits.snapshot_chunk_bytes = 256;
    options.snapshot_every_bytes = std::min<std::uint64_t>(options.snapshot_every_bytes, 4u << 10);
  }
  return plan;
}

}  // namespace

Simulation::Simulation(const SimulationOptions& options)
    : options_(options),
      prng_(stream(options.seed, Stream::kPlan)),
      probes_(stream(options.seed, Stream::kBuggify), options.buggify),
      plan_(plan_of(options_, prng_)),
      world_(options_, members_of(options), stream(options.seed, Stream::kNetwork)),
      until_(options.until == Duration::max() ? Timestamp::max()
                                              : Timestamp().after(options.until)) {
  own_observer_ = make_observer(options_, stream(options.seed, Stream::kObserver));
  world_.observer = options.observer != nullptr ? options.observer : own_observer_.get();
  world_.observer->begin(world_.checker);
  make_nodes();
  workload_ = std::make_unique<Workload>(world_, nodes_, stream(options.seed, Stream::kWorkload),
                                         options.entries);
  nemesis_ = std::make_unique<Nemesis>(world_, nodes_, *workload_, plan_,
                                       stream(options.seed, Stream::kFaults));
  watch();
}

void Simulation::watch() {
  world_.watcher = [this](NodeId node, const Event& event) { nemesis_->on_event(node, event); };
  world_.network.on_delivery(
      [this](NodeId to, const Received& received, std::span<const std::byte> frame) {
        world_.stamp(frame.size() + (received.message.index() << 20) + (to.value() << 40) +
                     (received.from.value() << 50));
        world_.checker.on_vote(received.from, received.incarnation, received.message);
        nemesis_->on_delivery(to, received);
      });
  if (world_.tracing()) tell_timeline();
}

void Simulation::tell_timeline() {
  world_.network.on_passage([this](Happening happening, std::uint64_t number, NodeId from,
                                   NodeId to, const Message* message) {
    Moment moment = message != nullptr ? moment_of(*message) : Moment{};
    const bool arrives = happening == Happening::kDelivered ||
                         happening == Happening::kNobodyThere || happening == Happening::kRefused;
    moment.happening = happening;
    moment.number = number;
    moment.node = arrives ? to : from;
    moment.peer = arrives ? from : to;
    world_.tell(std::move(moment));
  });
  world_.checker.listen(
      {.chosen = [this](const PlacedEntry& placed,
                        const std::vector<NodeId>& by) { world_.tell(chosen(placed, by)); },
       .violation =
           [this](const std::string& text) {
             world_.tell(Happening::kViolation, NodeId(), text);
           }});
}

// Within the bound a clock gains or loses up to 1 %; beyond it, it runs at half to twice the rate.
ClockDrift Simulation::draw_clock(Prng& clocks) const {
  ClockDrift drift{clocks.between(seconds(1), seconds(1000)), 0};
  const auto range = static_cast<std::uint64_t>(2 * plan_.drift_ppm_max + 1);
  drift.drift_ppm = static_cast<std::int64_t>(clocks.below(range)) - plan_.drift_ppm_max;
  const auto wild = static_cast<std::int64_t>(clocks.below(1'500'001)) - 500'000;
  if (plan_.faults.has(Fault::kClockRates)) drift.drift_ppm = wild;
  return drift;
}

void Simulation::make_nodes() {
  Prng clocks(stream(options_.seed, Stream::kClocks));
  const std::uint64_t spares = plan_.faults.has_any(Fault::kJoin, Fault::kTwoChanges) ? kSpares : 0;
  for (std::uint64_t i = 1; i <= options_.nodes + spares; ++i) {
    world_.peers.push_back(NodeId(i));
    nodes_.push_back(std::make_unique<SimulatedNode>(
        world_, NodeId(i), stream(options_.seed, Stream::kNode, i), draw_clock(clocks)));
    nodes_.back()->disk_faults().delay_max = milliseconds(2);
    nodes_.back()->set_in_service(i <= options_.nodes);
    if (options_.buggify) {
      nodes_.back()->set_limits(
          draw_limits(stream(options_.seed, Stream::kLimits, i), options_.replica.limits));
    }
  }
}

Timestamp Simulation::next_look(Timestamp end) const {
  constexpr Duration kStep = milliseconds(5);
  const Timestamp now = world_.scheduler.now();
  const Duration idle = std::min(world_.scheduler.next_due(), end).since(now);
  const std::int64_t steps = (idle + kStep - Duration(1)) / kStep;
  return now.after(kStep * std::max<std::int64_t>(steps, 1));
}

void Simulation::look_after_nodes() {
  nemesis_->look_after_nodes();
  if (world_.network.stats().forged > 0) {
    world_.checker.violation("F30", "a frame that was changed on the way passed for a message");
  }
}

Report Simulation::run() {
  const ProbeScope scope(probes_);
  try {
    play();
  } catch (const TimeIsUp&) {
    // Whatever was left to do is left.
  }
  return report();
}

void Simulation::play() {
  warm_up();
  if (world_.checker.ok()) suffer();
  if (world_.checker.ok()) recover();
  if (world_.checker.ok() && (unrecoverable_.empty() || stands_still_)) end_all();
  if (world_.checker.ok()) world_.checker.finish();
  if (world_.checker.ok()) world_.observer->finish();
}

bool Simulation::is_founded_by_all() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
    if (!node->in_service()) return true;
    if (!node->ready()) return false;
    const ReplicaView view = node->view();
    // A detail names founders that are not known to hold the genesis map.
    const bool open = !view.participation_detail.empty();
    return view.participation == Participation::kActive && !open;
  });
}

bool Simulation::is_founded_by_all_that_are_up() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
    if (!node->up()) return true;
    return node->ready() && node->view().participation == Participation::kActive;
  });
}

void Simulation::found_in_trouble() {
  // The last ones, never so many that those before them are no majority.
  const std::uint64_t late = prng_.below((options_.nodes - 1) / 2 + 1);
  for (std::size_t i = 0; i + late < options_.nodes; ++i) {
    SimulatedNode& node = *nodes_[i];
    const Duration pause = prng_.between(Duration(0), kStartsApartMax);
    world_.scheduler.at(world_.scheduler.now().after(pause), [&node] {
      if (!node.up()) node.start();
    });
  }
  // No disk is lost: that is what a founding by a quorum does not stand.
  if (late == 0) nemesis_->begin(false);
  (void)run_until(kStartsApartMax, [] { return false; });
  if (late == 0) {
    (void)run_until(prng_.between(seconds(0), kTroubleMax), [] { return false; });
    nemesis_->heal(~NodeSet{0});
  } else if (!run_until(kWarmUpMax, [this] { return is_founded_by_all_that_are_up(); }) &&
             world_.checker.ok()) {
    world_.checker.violation("I16", "a quorum does not found: " + standings());
  }
}

void Simulation::warm_up() {
  if (options_.replica.founding == FoundingRule::kQuorum) found_in_trouble();
  for (auto& node : nodes_) {
    if (node->in_service() && !node->up()) node->start();
  }
  if (!run_until(kWarmUpMax, [this] { return is_founded_by_all(); }) && world_.checker.ok()) {
    world_.checker.violation("I16", "the genesis does not complete: " + standings());
  }
}

void Simulation::suffer() {
  workload_->begin();
  nemesis_->begin();
  // Time may run out with entries left: a plan may be as harsh as that.
  (void)run_until(kFaultsMax,
                  [this] { return workload_->done() && workload_->outstanding() == 0; });
}

void Simulation::end_all() {
  std::uint64_t running = 0;
  for (auto& node : nodes_) {
    if (!in_core(*node) || !node->ready()) continue;
    ++running;
    node->shut_down([&running] { --running; });
  }
  if (!run_until(kShutDownMax, [&running] { return running == 0; })) {
    world_.checker.violation("I17", "a node does not shut down: " + standings());
  }
}

std::string Simulation::standings() const {
  std::string text;
  for (const auto& node : nodes_) {
    if (!text.empty()) text += "; ";
    text += to_string(node->id());
    if (has(core_, node->id())) text += " (core)";
    if (!node->in_service()) text += " out of service";
    if (node->paused()) text += " paused";
    if (!node->ready()) {
      text += node->up() ? " loading" : " down";
      continue;
    }
    const ReplicaView view = node->view();
    text += " " + std::string(to_string(view.standing)) + " " +
            std::string(to_string(view.participation)) + " applied r" + to_string(view.applied) +
            " of r" + to_string(view.highest_seen);
  }
  return text;
}

Report Simulation::report() {
  Report report;
  report.violations = world_.checker.violations();
  report.seed = options_.seed;
  report.faults = plan_.faults.text();
  report.replay = replay_line(options_);
  report.trace_hash = world_.hash;
  report.messages = world_.network.stats().delivered;
  report.rounds = world_.checker.settled_to().value();
  report.chosen = world_.checker.rounds_chosen();
  report.appends = workload_->stats().appends;
  report.acknowledged = workload_->stats().acknowledged;
  report.reads = workload_->stats().reads;
  report.mandates = world_.mandates_won;
  report.checked = world_.observer->counts();
  report.struck = nemesis_->counts();
  report.strikes = nemesis_->strikes();
  report.damage = world_.damage;
  report.probes = probes_.counts();
  report.unrecoverable = unrecoverable_;
  report.core = first_core_;
  report.simulated = world_.scheduler.now().since(Timestamp());
  return report;
}

Report simulate(const SimulationOptions& options) { return Simulation(options).run(); }

namespace {

std::string hash_text(std::uint64_t hash) {
  char text[32];
  std::snprintf(text, sizeof(text), ", hash %016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace

std::string Report::text() const {
  const char* const verdict = !ok()                    ? " FAILED"
                              : !unrecoverable.empty() ? " beyond recovery"
                                                       : " ok";
  std::string text = "seed " + std::to_string(seed) + verdict + ": " + std::to_string(rounds) +
                     " rounds, " + std::to_string(acknowledged) + "/" + std::to_string(appends) +
                     " appends, " + std::to_string(reads) + " reads, " + std::to_string(mandates) +
                     " mandates, " + std::to_string(checked.operations) + " operations in " +
                     std::to_string(checked.histories) + " histories, " + std::to_string(messages) +
                     " messages, " + std::to_string(simulated.count() / 1'000'000) + " s, " +
                     probes.text();
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (struck[i] == 0) continue;
    text += ", " + std::string(to_string(static_cast<Fault>(i))) + " " + std::to_string(struck[i]);
  }
  if (!unrecoverable.empty()) text += ", " + unrecoverable;
  text += hash_text(trace_hash);
  for (const std::string& violation : violations) text += "\n  " + violation;
  if (!ok()) text += "\n  replay: " + replay;
  return text;
}

}  // namespace synod::simulation
