#include "simulation/faults/membership_faults.hpp"

#include <algorithm>

#include <synod/simulation/list_state.hpp>
#include <synod/status.hpp>

namespace synod::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kAppendMax = seconds(10);
// A change of which nobody knows whether it happened has happened by then, or hardly ever will.
constexpr Duration kChangeMax = seconds(30);
constexpr Duration kAdmissionPoll = milliseconds(200);
constexpr std::uint64_t kAdmissionTries = 150;

void remove(Cluster& cluster, NodeId node) {
  std::erase_if(cluster.members, [&](const Member& member) { return member.id == node; });
}

// A policy that was made for other weights may not fit any more.
Cluster with_majority(Cluster cluster) {
  cluster.policy = {};
  return cluster;
}

}  // namespace

bool MembershipFaults::strike(Fault fault) {
  if (fault < Fault::kJoin || fault > Fault::kWindow) return false;
  fault == Fault::kTwoChanges ? two_changes() : change(fault);
  return true;
}

void MembershipFaults::change(Fault fault) {
  switch (fault) {
    case Fault::kJoin:
      return join();
    case Fault::kLeave:
      return leave(fault, any_member());
    case Fault::kRemoveLeader:
      return leave(fault, stage_.leader().id());
    case Fault::kSwap:
      return swap();
    case Fault::kShrink:
      return shrink();
    case Fault::kGrow:
      return grow();
    case Fault::kQuorums:
      return draw_quorums();
    default:
      return change_window(fault);
  }
}

bool MembershipFaults::is_admitted(const SimulatedNode& node) const {
  const Incarnation memory = node.memory();
  return memory != Incarnation(0) && stage_.world.checker.last_chosen(node.id()) == memory;
}

SimulatedNode* MembershipFaults::outsider(bool admitted) {
  const Cluster cluster = present();
  for (auto& node : stage_.nodes) {
    if (cluster.find(node->id()) != nullptr) continue;
    if (!admitted || (node->in_service() && is_admitted(*node))) return node.get();
  }
  return nullptr;
}

NodeId MembershipFaults::any_member() {
  const Cluster cluster = present();
  return cluster.members[stage_.prng.below(cluster.members.size())].id;
}

void MembershipFaults::take_into_service(SimulatedNode& node) {
  if (node.in_service() || node.up()) return;
  node.set_in_service(true);
  node.start();
}

void MembershipFaults::join() {
  SimulatedNode* const node = outsider(false);
  if (node == nullptr) return;
  take_into_service(*node);
  add_once_admitted(*node, kAdmissionTries);
}

void MembershipFaults::add_once_admitted(SimulatedNode& node, std::uint64_t tries) {
  Cluster cluster = with_majority(present());
  if (cluster.find(node.id()) != nullptr || tries == 0) return;
  if (node.in_service() && is_admitted(node)) {
    cluster.members.push_back(Member{.id = node.id()});
    return propose(Fault::kJoin, cluster);
  }
  stage_.later(kAdmissionPoll, [this, &node, tries] { add_once_admitted(node, tries - 1); });
}

void MembershipFaults::leave(Fault fault, NodeId node) {
  Cluster cluster = with_majority(present());
  remove(cluster, node);
  if (!cluster.members.empty()) propose(fault, cluster);
}

void MembershipFaults::swap() {
  SimulatedNode* const node = outsider(true);
  if (node == nullptr) {
    // Next time there is one that was admitted.
    if (SimulatedNode* const spare = outsider(false); spare != nullptr) take_into_service(*spare);
    return;
  }
  Cluster cluster = with_majority(present());
  remove(cluster, any_member());
  cluster.members.push_back(Member{.id = node->id()});
  propose(Fault::kSwap, cluster);
}

void MembershipFaults::shrink() {
  const NodeId left = any_member();
  const SimulatedNode& node = *stage_.nodes[left.value() - 1];
  if (!node.ready() || !is_admitted(node)) return;
  Cluster cluster;
  cluster.members.push_back(Member{.id = left});
  propose(Fault::kShrink, cluster);
}

void MembershipFaults::grow() {
  Cluster cluster = with_majority(present());
  const std::size_t before = cluster.members.size();
  for (const auto& node : stage_.nodes) {
    if (cluster.find(node->id()) != nullptr) continue;
    take_into_service(*node);
    if (is_admitted(*node)) cluster.members.push_back(Member{.id = node->id()});
  }
  if (cluster.members.size() > before) propose(Fault::kGrow, cluster);
}

void MembershipFaults::draw_quorums() {
  Cluster cluster = with_majority(present());
  std::uint64_t whole = 0;
  for (Member& member : cluster.members) {
    member.weight = static_cast<std::uint32_t>(1 + stage_.prng.below(3));
    whole += member.weight;
  }
  if (stage_.prng.chance(0.5)) {
    cluster.policy.phase2 = 1 + stage_.prng.below(whole);
    cluster.policy.phase1 = whole + 1 - cluster.policy.phase2;
  }
  propose(Fault::kQuorums, cluster);
}

void MembershipFaults::change_window(Fault fault) {
  constexpr std::uint64_t kWindows[] = {1, 2, 8};
  append(fault, ListState::command(kWindows[stage_.prng.below(std::size(kWindows))]));
}

// Both are in the window at the same time, from two nodes that do not know of each other.
void MembershipFaults::two_changes() {
  Cluster one = with_majority(present());
  Cluster other = one;
  if (SimulatedNode* const node = outsider(true); node != nullptr) {
    one.members.push_back(Member{.id = node->id()});
  }
  if (other.members.size() > 1) remove(other, any_member());
  propose(Fault::kTwoChanges, one);
  propose(Fault::kTwoChanges, other);
}

// Nobody changes to a cluster that the memories that are known to be intact could not run.
void MembershipFaults::propose(Fault fault, const Cluster& cluster) {
  if (stage_.atlas.can_run(cluster)) append(fault, ListState::command(cluster));
}

void MembershipFaults::append(Fault fault, std::string text) {
  SimulatedNode& node = stage_.any_node();
  if (!node.ready() || node.paused()) return;
  stage_.world.tell(Happening::kAppendAsked, node.id(), "is told: " + text);
  AppendRequest request;
  request.entry.id = stage_.prng.entry_id();
  request.entry.kind = EntryKind::kState;
  request.entry.payload = Payload::copy_of(text);
  request.deadline = node.local_now().after(kAppendMax);
  request.id_minted_here = true;
  stage_.world.checker.on_append(request.entry.id);
  stage_.atlas.change_begins(request.entry.id);
  stage_.later(kChangeMax, [this, id = request.entry.id] { stage_.atlas.change_ends(id); });
  request.done = [this, fault, id = request.entry.id](const absl::StatusOr<AppendReceipt>& result) {
    if (result.ok()) {
      stage_.world.checker.on_acknowledged(id, result->round);
      stage_.atlas.change_ends(id);
      return stage_.count(fault);
    }
    const std::optional<AppendError> error = append_error(result.status());
    const bool certain = error && error->fate == Fate::kDidNotHappen;
    if (certain) stage_.atlas.change_ends(id);
    stage_.world.checker.on_failed(id, certain ? ClientView::kDidNotHappen : ClientView::kUnknown);
  };
  node.append(std::move(request));
}

// H20: not before it says so.
void MembershipFaults::on_event(NodeId node, const Event& event) {
  if (!std::holds_alternative<RemovalComplete>(event)) return;
  SimulatedNode& removed = *stage_.nodes[node.value() - 1];
  stage_.later(Duration::zero(), [this, &removed, life = removed.lives()] {
    const bool is_needed = stage_.world.checker.is_needed(removed.id());
    if (removed.lives() == life && !is_needed && !removed.paused()) removed.retire();
  });
}

}  // namespace synod::simulation
