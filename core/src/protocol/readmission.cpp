#include "protocol/readmission.hpp"

#include <algorithm>

#include <synod/probe.hpp>

#include "base/mutants.hpp"

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
  Candidate& candidate = candidate_of(from);
  const bool proves = candidate.incarnation == incarnation && candidate.challenge != 0 &&
                      announcement.challenge == candidate.challenge;
  if (proves && !candidate.answered) {
    SYNOD_MARK("readmission.memory-is-alive");
    candidate.answered = true;
    candidate.turn = shared_.now.after(shared_.prng.between(Duration(0), turns()));
    // A leader that hears it has let it in long before.
    candidate.vouch_at = candidate.turn.after(turns());
  }
  if (announcement.challenge != 0) return;
  // It answered, and only this node's turn has not come: where it announces itself more often than
  // turns come, a new challenge each time would put the turn off for ever.
  if (candidate.incarnation == incarnation && candidate.answered) return;
  // A first announcement, or one after a proposal that came to nothing: a fresh challenge.
  candidate = {from, incarnation, last, shared_.prng.next() | 1};
  shared_.outbox.send(from, Challenge{candidate.challenge});
}

Duration Readmission::turns() const { return shared_.options.retransmit_after * 8; }

Readmission::Candidate& Readmission::candidate_of(NodeId node) {
  const auto known = std::find_if(candidates_.begin(), candidates_.end(),
                                  [&](const Candidate& each) { return each.node == node; });
  if (known != candidates_.end()) return *known;
  if (candidates_.size() >= shared_.options.limits.members_max) candidates_.clear();
  return candidates_.emplace_back(Candidate{node, {}, {}});
}

void Readmission::vouch(NodeId leader) {
  if (SYNOD_MUTANT("nobody-vouches")) return;
  std::erase_if(candidates_, [&](const Candidate& candidate) {
    if (!candidate.answered || shared_.now < candidate.vouch_at) return false;
    SYNOD_MARK("readmission.vouches-for-a-memory");
    shared_.outbox.send(leader,
                        Vouch{{candidate.node, candidate.expected, candidate.incarnation}});
    return true;  // Where it is not let in, it announces itself once more.
  });
}

void Readmission::on(const Vouch& vouch) {
  const auto& [node, expected, incarnation] = vouch.memory;
  const Incarnation last = membership_.last_chosen(node);
  if (node == shared_.options.id || incarnation == Incarnation(0)) return;
  if (incarnation == last || expected != last) return;
  SYNOD_MARK("readmission.another-vouches-for-a-memory");
  Candidate& candidate = candidate_of(node);
  candidate = {node, incarnation, expected};
  candidate.answered = true;
  candidate.turn = shared_.now;
  candidate.vouch_at = shared_.now.after(turns());  // Where it leads no more when its turn comes.
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
    if (!candidate.answered) continue;
    const Timestamp next = candidate.turn > shared_.now ? candidate.turn : candidate.vouch_at;
    if (next > shared_.now) deadline = std::min(deadline, next);
  }
  return deadline;
}

}  // namespace synod
