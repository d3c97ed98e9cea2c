#include "protocol/readmission.hpp"

#include <algorithm>

#include <synod/probe.hpp>

namespace synod {

void Readmission::announce(const std::vector<NodeId>& members) {
  if (shared_.now < announce_at_) return;
  announce_at_ = shared_.now.after(shared_.jittered(shared_.options.idle_interval));
  const Incarnation expected = membership_.last_chosen(shared_.options.id);
  shared_.outbox.send(members, Announcement{expected, 0});
}

void Readmission::on(NodeId from, const Challenge& challenge) {
  const Incarnation expected = membership_.last_chosen(shared_.options.id);
  if (expected == shared_.options.incarnation || challenge.challenge == 0) return;
  SYNOD_MARK("readmission.answers-a-challenge");
  shared_.outbox.send(from, Announcement{expected, challenge.challenge});
}

void Readmission::on(NodeId from, Incarnation incarnation, const Announcement& announcement) {
  const Incarnation last = membership_.last_chosen(from);
  if (incarnation == Incarnation(0)) return;
  if (incarnation == last || announcement.expected != last) return;
  auto candidate = std::find_if(candidates_.begin(), candidates_.end(),
                                [&](const Candidate& known) { return known.node == from; });
  if (candidate == candidates_.end()) {
    if (candidates_.size() >= shared_.options.limits.members_max) candidates_.clear();
    candidates_.push_back({from, incarnation, last});
    candidate = std::prev(candidates_.end());
  }
  const bool proves = candidate->incarnation == incarnation && candidate->challenge != 0 &&
                      announcement.challenge == candidate->challenge;
  if (proves && !candidate->answered) {
    SYNOD_MARK("readmission.memory-is-alive");
    candidate->answered = true;
    candidate->turn =
        shared_.now.after(shared_.prng.between(Duration(0), shared_.options.retransmit_after * 8));
  }
  if (announcement.challenge != 0) return;
  // It answered, and only this node's turn has not come: where it announces itself more often than
  // turns come, a new challenge each time would put the turn off for ever.
  if (candidate->incarnation == incarnation && candidate->answered) return;
  // A first announcement, or one after a proposal that came to nothing: a fresh challenge.
  *candidate = {from, incarnation, last, shared_.prng.next() | 1};
  shared_.outbox.send(from, Challenge{candidate->challenge});
}

bool Readmission::is_due(const Candidate& candidate, bool leads, bool leader_seems_alive) const {
  if (!candidate.answered) return false;
  const bool turn = shared_.now >= candidate.turn || SYNOD_BUGGIFY("readmission.turn-is-now");
  return leads || (!leader_seems_alive && turn);
}

std::optional<Readmit> Readmission::due(bool leads, bool leader_seems_alive) {
  // Somebody else proposed it before this node's turn; where its node has lost it again since, a
  // later memory of that node may count by now, which what is gone must not replace.
  const std::size_t settled = std::erase_if(candidates_, [this](const Candidate& candidate) {
    return membership_.last_chosen(candidate.node) != candidate.expected;
  });
  if (settled > 0) SYNOD_MARK("readmission.somebody-else-was-first");
  for (auto candidate = candidates_.begin(); candidate != candidates_.end(); ++candidate) {
    if (!is_due(*candidate, leads, leader_seems_alive)) continue;
    const Readmit readmit{candidate->node, candidate->expected, candidate->incarnation};
    candidates_.erase(candidate);
    return readmit;
  }
  return std::nullopt;
}

Timestamp Readmission::deadline() const {
  Timestamp deadline = Timestamp::max();
  for (const Candidate& candidate : candidates_) {
    const bool waits = candidate.answered && candidate.turn > shared_.now;
    if (waits) deadline = std::min(deadline, candidate.turn);
  }
  return deadline;
}

}  // namespace synod
