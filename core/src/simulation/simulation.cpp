#include "simulation/simulation.hpp"

#include <algorithm>
#include <utility>

#include <synod/hash.hpp>
#include <synod/status.hpp>

#include "simulation/check/factory_observer.hpp"

namespace synod::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kWarmUpMax = seconds(60);
constexpr Duration kFaultsMax = seconds(600);
constexpr Duration kRecoveryMax = seconds(120);
constexpr Duration kAppendMax = seconds(60);
constexpr Duration kStartsApartMax = seconds(2);
constexpr Duration kTroubleMax = seconds(5);
constexpr std::uint64_t kLateClients = 1000;

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

FaultPlan plan_of(const SimulationOptions& options, Prng& prng) {
  return options.exactly ? draw_strengths(prng, options.faults) : draw_plan(prng, options.faults);
}

// An answer, too: no healing changes what voters think of an entry.
bool refused_by_voters(const absl::Status& status) {
  const std::optional<AppendError> error = append_error(status);
  return error && (error->kind == AppendErrorKind::kUnacceptable || !error->rejections.empty());
}

}  // namespace

Simulation::Simulation(const SimulationOptions& options)
    : options_(options),
      prng_(stream(options.seed, Stream::kPlan)),
      probes_(stream(options.seed, Stream::kBuggify), options.buggify),
      plan_(plan_of(options, prng_)),
      world_(options_, members_of(options), stream(options.seed, Stream::kNetwork)) {
  own_observer_ = make_observer(options_, stream(options.seed, Stream::kObserver));
  world_.observer = options.observer != nullptr ? options.observer : own_observer_.get();
  world_.observer->begin(world_.checker);
  make_nodes();
  workload_ = std::make_unique<Workload>(world_, nodes_, stream(options.seed, Stream::kWorkload),
                                         options.entries);
  nemesis_ = std::make_unique<Nemesis>(world_, nodes_, *workload_, plan_,
                                       stream(options.seed, Stream::kFaults));
  world_.network.on_delivery(
      [this](NodeId to, const Received& received, std::span<const std::byte> frame) {
        world_.stamp(frame.size() + (received.message.index() << 20) + (to.value() << 40) +
                     (received.from.value() << 50));
        world_.checker.on_vote(received.from, received.incarnation, received.message);
        if (!world_.tracing()) return;
        world_.trace(
            to, "< " + synod::describe(received.message) + " from " + to_string(received.from));
      });
}

void Simulation::make_nodes() {
  Prng clocks(stream(options_.seed, Stream::kClocks));
  for (const Member& member : world_.cluster.members) {
    ClockDrift drift{clocks.between(seconds(1), seconds(1000)), 0};
    const auto range = static_cast<std::uint64_t>(2 * plan_.drift_ppm_max + 1);
    drift.drift_ppm = static_cast<std::int64_t>(clocks.below(range)) - plan_.drift_ppm_max;
    nodes_.push_back(std::make_unique<SimulatedNode>(
        world_, member.id, stream(options_.seed, Stream::kNode, member.id.value()), drift));
    nodes_.back()->disk_faults().delay_max = milliseconds(2);
    if (options_.buggify) {
      // Alike everywhere: followers that shield a leader, in one run of three.
      const bool sticky = stream(options_.seed, Stream::kLimits) % 3 == 0;
      if (sticky) nodes_.back()->set_stickiness(milliseconds(250));
      nodes_.back()->set_limits(draw_limits(
          stream(options_.seed, Stream::kLimits, member.id.value()), options_.replica.limits));
    }
  }
}

template <class Predicate>
bool Simulation::run_until(Duration limit, Predicate reached) {
  const Timestamp end = world_.scheduler.now().after(limit);
  while (world_.checker.ok() && world_.scheduler.now() < end) {
    world_.scheduler.run_until(world_.scheduler.now().after(milliseconds(5)));
    look_after_nodes();
    if (reached()) return true;
  }
  return false;
}

// Nothing that is simulated gives a node a reason to stop by itself.
void Simulation::look_after_nodes() {
  for (const auto& node : nodes_) {
    if (!node->stopped().ok()) {
      world_.checker.violation("I19", "node " + to_string(node->id()) +
                                          " stopped by itself: " + node->stopped().ToString());
    }
  }
}

Report Simulation::run() {
  const ProbeScope scope(probes_);
  warm_up();
  if (world_.checker.ok()) suffer();
  if (world_.checker.ok()) recover();
  if (world_.checker.ok()) demand_liveness();
  if (world_.checker.ok()) end_all();
  if (world_.checker.ok()) world_.checker.finish();
  if (world_.checker.ok()) world_.observer->finish();
  return report();
}

bool Simulation::all_ready_and_voting() const {
  for (const auto& node : nodes_) {
    if (!node->ready()) return false;
    if (node->wiped()) continue;
    const ReplicaView view = node->view();
    // A detail names founders that are not known to hold the genesis map.
    const bool open = !view.participation_detail.empty();
    if (view.participation != Participation::kActive || open) return false;
  }
  return true;
}

bool Simulation::is_founded_by_all_that_are_up() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
    if (!node->up()) return true;
    return node->ready() && node->view().participation == Participation::kActive;
  });
}

void Simulation::found_in_trouble() {
  // The last ones, never so many that those before them are no majority.
  const std::uint64_t late = prng_.below((nodes_.size() - 1) / 2 + 1);
  for (std::size_t i = 0; i + late < nodes_.size(); ++i) {
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
    nemesis_->heal();
  } else if (!run_until(kWarmUpMax, [this] { return is_founded_by_all_that_are_up(); }) &&
             world_.checker.ok()) {
    world_.checker.violation("I16", "a quorum does not found: " + standings());
  }
}

void Simulation::warm_up() {
  if (options_.replica.founding == FoundingRule::kQuorum) found_in_trouble();
  for (auto& node : nodes_) {
    if (!node->up()) node->start();
  }
  if (!run_until(kWarmUpMax, [this] { return all_ready_and_voting(); }) && world_.checker.ok()) {
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

void Simulation::recover() {
  workload_->end();
  // One run in four ends its faults with a restart of everything.
  if (prng_.below(4) == 0) {
    for (auto& node : nodes_) {
      if (node->up()) nemesis_->crash(*node);
    }
  }
  nemesis_->heal();
  if (!run_until(kRecoveryMax,
                 [this] { return all_ready_and_voting() && workload_->outstanding() == 0; }) &&
      world_.checker.ok()) {
    world_.checker.violation("I17", std::to_string(workload_->outstanding()) +
                                        " operations have no answer: " + standings());
  }
}

void Simulation::append_at(SimulatedNode& node) {
  ++late_appends_;
  AppendRequest request;
  const EntryId id = prng_.entry_id();
  request.entry = world_.observer->make_entry(workload_->next_number());
  if (request.entry.id.is_nil()) request.entry.id = id;
  request.deadline = node.local_now().after(kAppendMax);
  // A client of its own, after all others.
  const ClientCall call{kLateClients + node.id().value(), node.id()};
  request.done = [this, call, entry = request.entry](const absl::StatusOr<AppendReceipt>& result) {
    --late_appends_;
    world_.observer->on_append_answer(call, entry, result);
    const std::optional<AppendError> error = append_error(result.status());
    const bool happened = error.has_value() && error->fate == Fate::kHappened;
    if (result.ok()) {
      world_.checker.on_acknowledged(entry.id, result->round);
    } else if (!happened && !refused_by_voters(result.status())) {
      world_.checker.violation("I16", "after the healing node " + to_string(call.node) +
                                          " cannot append: " + result.status().ToString());
    }
  };
  world_.checker.on_append(request.entry.id);
  world_.observer->on_append(call, request.entry);
  node.append(std::move(request));
}

bool Simulation::all_equal() const {
  for (const auto& node : nodes_) {
    if (!node->ready() || node->applied() != world_.checker.settled_to()) return false;
  }
  return true;
}

void Simulation::demand_liveness() {
  for (auto& node : nodes_) {
    if (!node->wiped()) append_at(*node);
  }
  const bool answered = run_until(2 * kAppendMax, [this] { return late_appends_ == 0; });
  if (!answered && world_.checker.ok()) {
    world_.checker.violation("I16", "after the healing an append has no answer: " + standings());
  }
  const bool equal = world_.checker.ok() && run_until(kRecoveryMax, [this] { return all_equal(); });
  if (!equal && world_.checker.ok()) {
    world_.checker.violation("I16", "the nodes do not reach the same round: " + standings());
  }
}

void Simulation::end_all() {
  std::uint64_t running = nodes_.size();
  for (auto& node : nodes_) node->shut_down([&running] { --running; });
  if (!run_until(kRecoveryMax, [&running] { return running == 0; })) {
    world_.checker.violation("I17", "a node does not shut down: " + standings());
  }
}

std::string Simulation::standings() const {
  std::string text;
  for (const auto& node : nodes_) {
    if (!text.empty()) text += "; ";
    text += to_string(node->id());
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
  report.replay = "synod-simulate --seed " + std::to_string(options_.seed) + " --nodes " +
                  std::to_string(options_.nodes) + " --entries " +
                  std::to_string(options_.entries) + " --concurrency " +
                  std::to_string(options_.concurrency) + " --faults " + options_.faults.text() +
                  (options_.replica.founding == FoundingRule::kQuorum ? " --founding quorum" : "") +
                  (options_.exactly ? " --exactly" : "") +
                  (options_.buggify ? "" : " --no-buggify") +
                  (options_.decorations ? " --decorations" : "");
  report.trace_hash = world_.hash;
  report.messages = world_.network.stats().delivered;
  report.rounds = world_.checker.settled_to().value();
  report.chosen = world_.checker.rounds_chosen();
  report.appends = workload_->stats().appends;
  report.acknowledged = workload_->stats().acknowledged;
  report.reads = workload_->stats().reads;
  report.checked = world_.observer->counts();
  report.struck = nemesis_->counts();
  report.probes = probes_.counts();
  report.simulated = world_.scheduler.now().since(Timestamp());
  return report;
}

Report simulate(const SimulationOptions& options) { return Simulation(options).run(); }

std::string Report::text() const {
  std::string text =
      "seed " + std::to_string(seed) + (ok() ? " ok" : " FAILED") + ": " + std::to_string(rounds) +
      " rounds, " + std::to_string(acknowledged) + "/" + std::to_string(appends) + " appends, " +
      std::to_string(reads) + " reads, " + std::to_string(checked.operations) + " operations in " +
      std::to_string(checked.histories) + " histories, " + std::to_string(messages) +
      " messages, " + std::to_string(simulated.count() / 1'000'000) + " s, " + probes.text();
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (struck[i] == 0) continue;
    text += ", " + std::string(to_string(static_cast<Fault>(i))) + " " + std::to_string(struck[i]);
  }
  for (const std::string& violation : violations) text += "\n  " + violation;
  if (!ok()) text += "\n  replay: " + replay;
  return text;
}

}  // namespace synod::simulation
