// What must work again once faults are over, and how soon: liveness (I16, I17).
//
// First for a core alone: nodes whose memories can carry on are healed, and everybody else stays as
// broken as the faults left them, for ever. To heal everything would be too easy. All bounds are
// counted in election time-outs (ReplicaOptions::campaign_timeout) of the slowest clock, since that
// is how long the loss of one campaign can cost.
#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include <synod/status.hpp>

#include "simulation/simulation.hpp"

namespace synod::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Restarts, reading a journal back on a healthy disk, and the longest deadline of a client's
// append.
constexpr std::int64_t kStartTimeouts = 50;
// One append: a leader that is gone has to be noticed, and a few campaigns may collide.
constexpr std::int64_t kAppendTimeouts = 20;
// The same round everywhere: a snapshot may have to be fetched, after questions that went to nodes
// that stay broken, each of which costs a time-out.
constexpr std::int64_t kEqualTimeouts = 200;
// Whoever wanted to lead when the calm begins may do so now; later, nobody.
constexpr std::int64_t kUnrestTimeouts = 20;
constexpr std::int64_t kCalmTimeouts = 50;
// A client that got no answer tries again after this, or asks after this for more.
constexpr Duration kRetry = milliseconds(100);
constexpr Duration kNowAndThen = milliseconds(300);
// So long nothing happens where nothing can.
constexpr Duration kStandstill = seconds(120);
// They are clients of their own, after all others.
constexpr std::uint64_t kLateClients = 1000;

// It happened, or nothing that is healed makes it happen: no healing changes what voters think of
// an entry.
bool is_settled(const absl::Status& status) {
  const std::optional<AppendError> error = append_error(status);
  return status.ok() ||
         (error && (error->fate == Fate::kHappened ||
                    error->kind == AppendErrorKind::kUnacceptable || !error->rejections.empty()));
}

}  // namespace

Duration Simulation::patience(std::int64_t election_timeouts) const {
  // A clock at half the rate takes twice as long for everything.
  const int slowness = plan_.faults.has(Fault::kClockRates) ? 2 : 1;
  return options_.replica.campaign_timeout * election_timeouts * slowness;
}

bool Simulation::in_core(const SimulatedNode& node) const {
  return has(core_, node.id()) && node.in_service();
}

bool Simulation::can_carry_on(NodeSet nodes, const Checker::Memories& intact) const {
  Checker::Memories memories;
  for (const auto& [id, memory] : intact) {
    if (has(nodes, id)) memories[id] = memory;
  }
  return world_.checker.can_carry_on(memories);
}

NodeSet Simulation::choose_core() {
  const Checker::Memories intact = nemesis_->intact_memories();
  NodeSet core = core_;
  std::vector<const SimulatedNode*> left;
  for (const auto& node : nodes_) {
    if (node->in_service() && !has(core, node->id())) left.push_back(node.get());
  }
  while (!can_carry_on(core, intact)) {
    if (left.empty()) return 0;
    const auto chosen = left.begin() + static_cast<std::ptrdiff_t>(prng_.below(left.size()));
    core |= set_of((*chosen)->id());
    left.erase(chosen);
  }
  return core;
}

bool Simulation::grow_core() {
  const NodeSet core = choose_core();
  if (core == core_) return false;
  if (core == 0) unrecoverable_ = "what was under way left no core that can carry on";
  if (core == 0) return false;
  core_ = core;
  world_.trace(NodeId(0), "the core needs more nodes");
  nemesis_->heal(core_);
  return true;
}

// Rounds that nodes of the core have heard of and not applied, and those that are not even chosen.
std::uint64_t Simulation::behind() const {
  std::uint64_t rounds = 0;
  RoundNum highest = world_.checker.settled_to();
  for (const auto& node : nodes_) {
    if (in_core(*node) && node->ready()) highest = std::max(highest, node->view().highest_seen);
  }
  for (const auto& node : nodes_) {
    if (in_core(*node)) rounds += highest.above(node->ready() ? node->applied() : RoundNum());
  }
  const std::uint64_t chosen = world_.checker.rounds_chosen();
  return rounds + (highest.value() > chosen ? highest.value() - chosen : 0);
}

template <class Predicate>
bool Simulation::demand(Duration limit, const std::string& what, Predicate reached) {
  std::uint64_t least_behind = std::numeric_limits<std::uint64_t>::max();
  while (world_.checker.ok() && unrecoverable_.empty()) {
    if (run_until(limit, reached)) return true;
    // A wide window that has to be closed with no-ops, or a log that is fetched entry by entry
    // where limits are tiny, takes as long as it is long.
    const std::uint64_t behind_now = behind();
    if (behind_now < least_behind) {
      least_behind = behind_now;
      continue;
    }
    // What was under way when the core was chosen may have changed who is needed.
    if (!world_.checker.ok() || grow_core() || !unrecoverable_.empty()) continue;
    world_.checker.violation(what.substr(0, 3), what.substr(5) + ": " + standings());
  }
  return false;
}

void Simulation::recover() {
  workload_->end();
  core_ = choose_core();
  if (core_ == 0) return demand_standstill();
  heal();
  demand_liveness();
  first_core_ = static_cast<std::uint64_t>(std::popcount(core_));
  if (!world_.checker.ok() || !unrecoverable_.empty() || prng_.below(2) == 0) return;
  core_ = ~NodeSet{0};
  heal();
  demand_liveness();
}

void Simulation::demand_standstill() {
  core_ = ~NodeSet{0};
  heal();
  unrecoverable_ = nemesis_->unrecoverable();
  if (unrecoverable_.empty()) return demand_liveness();
  // A cluster of which changes were under way may be beyond recovery for some, and not for others.
  stands_still_ = !plan_.faults.has_any(Fault::kJoin, Fault::kWindow);
  if (!stands_still_) return;
  const std::uint64_t acknowledged = workload_->stats().acknowledged;
  const std::uint64_t chosen = world_.checker.rounds_chosen();
  (void)run_until(kStandstill, [] { return false; });
  if (!world_.checker.ok()) return;
  if (workload_->stats().acknowledged != acknowledged || world_.checker.rounds_chosen() != chosen) {
    world_.checker.violation("I3", "the cluster goes on although " + unrecoverable_);
  }
  for (const auto& node : nodes_) {
    if (!node->in_service() || node->says_it_stands_still()) continue;
    world_.checker.violation("I19", "node " + to_string(node->id()) + " does not say that " +
                                        unrecoverable_ + ": " + standings());
  }
}

void Simulation::heal() {
  // One run in four ends its faults with a restart of all that is to be healed.
  if (prng_.below(4) == 0) {
    for (auto& node : nodes_) {
      if (in_core(*node) && node->up()) nemesis_->crash(*node);
    }
  }
  world_.trace(NodeId(0), "the core is healed");
  nemesis_->heal(core_);
}

void Simulation::demand_liveness() {
  const auto started = [this] {
    return std::all_of(nodes_.begin(), nodes_.end(),
                       [this](const auto& node) { return !in_core(*node) || node->ready(); });
  };
  if (!demand(patience(kStartTimeouts), "I16: a healed node does not start", started)) return;
  demand_appends();
  if (!world_.checker.ok() || !unrecoverable_.empty()) return;
  const auto answered = [this] { return workload_->outstanding_at(core_) == 0; };
  if (!demand(patience(kStartTimeouts), "I17: an operation has no answer", answered)) return;
  demand_equal_rounds();
  if (world_.checker.ok() && unrecoverable_.empty()) demand_calm();
}

bool Simulation::is_voter(const SimulatedNode& node) const {
  if (!in_core(node)) return false;
  const Member* const member = world_.checker.next_cluster().find(node.id());
  return member != nullptr && member->roles.accept &&
         world_.checker.next_incarnation(node.id()) == node.memory();
}

void Simulation::append_at(SimulatedNode& node, std::function<void(bool)> done) {
  AppendRequest request;
  const EntryId id = prng_.entry_id();
  request.entry = world_.observer->make_entry(workload_->next_number());
  if (request.entry.id.is_nil()) request.entry.id = id;
  const ClientCall call{kLateClients + node.id().value(), node.id()};
  request.done = [this, call, entry = request.entry,
                  done = std::move(done)](const absl::StatusOr<AppendReceipt>& result) {
    world_.observer->on_append_answer(call, entry, result);
    if (result.ok()) {
      world_.checker.on_acknowledged(entry.id, result->round);
    } else {
      world_.trace(NodeId(0), "an append after the healing failed: " + result.status().ToString());
    }
    done(is_settled(result.status()));
  };
  world_.checker.on_append(request.entry.id);
  world_.observer->on_append(call, request.entry);
  node.append(std::move(request));
}

// Also a node that was ready may be about to end, and begin again: its removal waited for its disk.
void Simulation::append_until_done(SimulatedNode& node) {
  const auto again = [this, &node] {
    world_.scheduler.at(world_.scheduler.now().after(kRetry),
                        [this, &node] { append_until_done(node); });
  };
  if (!node.ready()) return again();
  append_at(node, [this, &node, again](bool ok) {
    if (!ok) return again();
    appended_ |= set_of(node.id());
  });
}

// At all at once: one may have to learn from what another settles that it is a member again.
void Simulation::demand_appends() {
  appended_ = 0;
  NodeSet asked = 0;
  for (auto& node : nodes_) {
    if (!is_voter(*node)) continue;
    asked |= set_of(node->id());
    append_until_done(*node);
  }
  for (auto& node : nodes_) {
    if (!world_.checker.ok() || !unrecoverable_.empty()) return;
    if (!has(asked, node->id())) continue;
    // Whoever is removed meanwhile cannot.
    (void)demand(patience(kAppendTimeouts),
                 "I16: an append does not complete at node " + to_string(node->id()),
                 [&] { return (appended_ & set_of(node->id())) != 0 || !is_voter(*node); });
  }
}

// What was settled by now is applied everywhere: more may be settled meanwhile.
void Simulation::demand_equal_rounds() {
  const auto equal = [this, settled = world_.checker.settled_to()] {
    return std::all_of(nodes_.begin(), nodes_.end(), [this, settled](const auto& node) {
      if (!in_core(*node)) return true;
      if (!node->ready() || node->applied() < settled) return false;
      // Also one that had lost its memory votes again.
      return world_.checker.next_cluster().find(node->id()) == nullptr ||
             node->view().participation == Participation::kActive;
    });
  };
  (void)demand(patience(kEqualTimeouts), "I16: the nodes do not reach the same round and vote",
               equal);
}

SimulatedNode* Simulation::any_voter() {
  for (const auto& node : nodes_) {
    if (is_voter(*node)) return node.get();
  }
  return nullptr;
}

// At one node, for as long as it is a member: changes that were decided may still have to bind.
void Simulation::append_now_and_then(SimulatedNode* node, Timestamp until) {
  if (node == nullptr || !is_voter(*node)) node = any_voter();
  if (world_.scheduler.now() >= until || node == nullptr || !node->ready()) return;
  append_at(*node, [this, node, until](bool ok) {
    late_failures_ += ok ? 0 : 1;
    world_.scheduler.at(world_.scheduler.now().after(kNowAndThen),
                        [this, node, until] { append_now_and_then(node, until); });
  });
}

// A node that stays broken may reach some of the core and not its leader. Where no acceptor shields
// its leader (ReplicaOptions::stickiness), it may take the lead away as often as it has a reason.
bool Simulation::may_be_disturbed() const {
  const auto left_out = [this](const auto& node) { return node->in_service() && !in_core(*node); };
  return options_.replica.stickiness == Duration::zero() &&
         std::any_of(nodes_.begin(), nodes_.end(), left_out);
}

// One client at one node, and nothing else to do: nobody takes the lead away. From a node that
// stays broken somebody may have to.
void Simulation::demand_calm() {
  if (may_be_disturbed()) return;
  world_.still_broken = 0;
  for (const auto& node : nodes_) {
    if (!in_core(*node)) world_.still_broken |= set_of(node->id());
  }
  const Duration unrest = patience(kUnrestTimeouts);
  const Duration calm = patience(kCalmTimeouts);
  append_now_and_then(nullptr, world_.scheduler.now().after(unrest + calm));
  (void)run_until(unrest, [] { return false; });
  const std::uint64_t taken = world_.leads_taken;
  late_failures_ = 0;
  (void)run_until(calm, [] { return false; });
  if (!world_.checker.ok()) return;
  const bool all_is_well = world_.leads_taken == taken && late_failures_ == 0;
  if (!all_is_well && grow_core()) return demand_liveness();
  if (!unrecoverable_.empty()) return;
  if (world_.leads_taken != taken) {
    world_.checker.violation("I16", "the lead changes " +
                                        std::to_string(world_.leads_taken - taken) +
                                        " times although all is calm: " + standings());
  }
  if (late_failures_ > 0) {
    world_.checker.violation("I16", std::to_string(late_failures_) +
                                        " appends fail although all is calm: " + standings());
  }
}

}  // namespace synod::simulation
