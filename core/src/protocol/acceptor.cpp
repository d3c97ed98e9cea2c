#include "protocol/acceptor.hpp"

#include <algorithm>
#include <exception>

#include <synod/check.hpp>
#include <synod/hash.hpp>
#include <synod/probe.hpp>
#include "base/mutants.hpp"

namespace synod {

namespace {

// As many of the sections as fit, from the front.
VoteSections fitting(VoteSections sections, std::size_t bytes_max) {
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (const VoteSection& section : sections) {
    bytes += section.name.size() + section.bytes.size();
    if (bytes > bytes_max) break;
    ++kept;
  }
  sections.resize(kept);
  return sections;
}

// Names what the pages say and where they were cut; 0 for a single one. The same answer given again
// has the same name, so that its pages complete the first one's.
std::uint32_t telling_of(const std::vector<Promise>& pages) {
  if (pages.size() == 1) return 0;
  std::uint64_t telling = 0;
  for (const Promise& page : pages) {
    telling = mix(telling + page.accepted.size());
    for (const PlacedEntry& placed : page.accepted) {
      telling = mix(telling ^ mix(placed.round.value()) ^ mix(placed.coord.counter) ^
                    hash_of(placed.entry.id));
    }
  }
  return static_cast<std::uint32_t>(telling) | 1;
}

}  // namespace

void Acceptor::note_counter(const CoordNum& coord) {
  if (reasonable(coord)) counter_seen_ = std::max(counter_seen_, coord.counter);
}

bool Acceptor::reasonable(const CoordNum& coord) const {
  const std::uint64_t base = std::max(counter_seen_, promised_.counter);
  return coord.counter <= base || coord.counter - base <= shared_.options.limits.counter_jump_max;
}

bool Acceptor::is_outranked(const CoordNum& coord) const {
  if (SYNOD_MUTANT("number-without-proposer")) return coord.counter < promised_.counter;
  return coord < promised_;
}

Conflict Acceptor::conflict_with(CoordNum coord, RoundNum round) const {
  Conflict conflict;
  conflict.coord = coord;
  conflict.round = round;
  conflict.promised = promised_;
  conflict.settled_to = learner_.applied();
  if (const PlacedEntry* settled = learner_.settled(round); settled != nullptr) {
    conflict.settled = *settled;
  }
  return conflict;
}

Acceptor::PrepareAnswer Acceptor::prepare(const Prepare& prepare) {
  if (!reasonable(prepare.coord)) return std::monostate();
  note_counter(prepare.coord);
  if (is_outranked(prepare.coord) && !SYNOD_MUTANT("prepare-without-promise-check")) {
    SYNOD_MARK("acceptor.prepare-outranked");
    return conflict_with(prepare.coord, prepare.round);
  }
  // The same campaign asks again: its answer may have been lost. Nothing new to remember.
  if (prepare.coord == promised_) {
    SYNOD_MARK("acceptor.prepare-repeated");
    return Promising{};
  }

  const bool shielded =
      shared_.now < shielded_until_ && prepare.coord.proposer != shielded_.proposer;
  if (shielded) {
    SYNOD_MARK("acceptor.leader-shielded");
    return Abstention{prepare.coord, prepare.round, true, {}};
  }
  CandidateVote vote;
  try {
    vote = voter_.contemplate_candidate({prepare.round, prepare.coord, shared_.now});
  } catch (...) {
    vote = {false, {}};
  }
  vote.sections = fitting(std::move(vote.sections), shared_.options.limits.vote_bytes_max);
  if (!vote.yea) return Abstention{prepare.coord, prepare.round, false, std::move(vote.sections)};

  promised_ = prepare.coord;
  shared_.outbox.record(PromiseRecord{promised_});
  return Promising{std::move(vote.sections)};
}

std::vector<Promise> Acceptor::pages(const Prepare& prepare, VoteSections vote) const {
  const Limits& limits = shared_.options.limits;
  std::vector<Promise> pages(1);
  // Never at or below what was applied: acceptances of settled rounds are gone (H17).
  const RoundNum speaks_from = SYNOD_MUTANT("speaks-for-applied-rounds")
                                   ? prepare.round
                                   : std::max(prepare.round, learner_.applied().next());
  std::size_t bytes = 0;
  for (RoundNum round = speaks_from; round < accepted_.end(); round = round.next()) {
    const Accepted* accepted = accepted_.find(round);
    if (accepted == nullptr) continue;
    const bool full = pages.back().accepted.size() >= limits.promise_page_entries_max ||
                      bytes + accepted->entry.payload.size() > limits.promise_page_bytes_max;
    if ((full || SYNOD_BUGGIFY("acceptor.page-ends-early")) && !pages.back().accepted.empty()) {
      SYNOD_MARK("acceptor.promise-in-pages");
      pages.emplace_back();
      bytes = 0;
    }
    bytes += accepted->entry.payload.size() + 64;
    pages.back().accepted.push_back({round, accepted->coord, accepted->entry});
  }
  const std::uint32_t telling = telling_of(pages);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    pages[i].telling = telling;
    pages[i].coord = prepare.coord;
    pages[i].round = prepare.round;
    pages[i].speaks_from = speaks_from;
    pages[i].page = static_cast<std::uint32_t>(i);
    pages[i].pages = static_cast<std::uint32_t>(pages.size());
  }
  pages.front().vote = std::move(vote);
  if (SYNOD_BUGGIFY("acceptor.pages-in-reverse")) std::reverse(pages.begin(), pages.end());
  return pages;
}

Acceptor::Accepting Acceptor::accept(CoordNum coord, RoundNum first,
                                     const std::vector<Entry>& entries) {
  Accepting result;
  if (!reasonable(coord)) return result;
  note_counter(coord);
  if (is_outranked(coord) && !SYNOD_MUTANT("accept-without-promise-check")) {
    SYNOD_MARK("acceptor.proposal-outranked");
    result.conflict = conflict_with(coord, first);
    return result;
  }
  RoundNum round = first;
  for (const Entry& entry : entries) {
    if (!accept_one(coord, round, entry, result)) break;
    round = round.next();
  }
  return result;
}

bool Acceptor::accept_one(CoordNum coord, RoundNum round, const Entry& entry, Accepting& result) {
  if (round <= learner_.applied() || learner_.settled(round) != nullptr) {
    SYNOD_MARK("acceptor.proposal-for-a-settled-round");
    if (!result.conflict.has_value()) result.conflict = conflict_with(coord, round);
    return true;
  }
  if (round.above(learner_.applied()) > shared_.options.limits.accepted_ahead_max) {
    SYNOD_MARK("acceptor.proposal-too-far-ahead");
    result.too_far = true;
    return false;
  }
  const Accepted* before = accepted_.find(round);
  if (before != nullptr && before->coord == coord) {
    if (before->entry.id != entry.id || before->entry.kind != entry.kind) {
      result.violation = "round " + to_string(round) + " has two entries at " + to_string(coord) +
                         ": " + to_string(before->entry.id) + " and " + to_string(entry.id);
      return false;
    }
    SYNOD_MARK("acceptor.proposal-repeated");
    add_acceptance(coord, round, {}, result);
    return true;
  }
  SYNOD_CHECK(before == nullptr || before->coord < coord, "accepted above the promise");
  ProposalVote vote = ask_voter(round, coord, entry);
  if (!vote.yea) {
    result.rejected.push_back({coord, round, std::move(vote.sections)});
    return true;
  }
  if (before != nullptr) SYNOD_MARK("acceptor.accepts-again-higher");
  promised_ = coord;
  Accepted& accepted = accepted_.get(round);
  accepted.coord = coord;
  accepted.entry = entry;
  accepted.sequence = shared_.outbox.sequence();
  shared_.outbox.record(AcceptedRecord{{round, coord, entry}});
  add_acceptance(coord, round, std::move(vote.sections), result);
  return true;
}

ProposalVote Acceptor::ask_voter(RoundNum round, CoordNum coord, const Entry& entry) {
  try {
    ProposalVote vote = voter_.contemplate_proposal({round, coord, entry, shared_.now});
    vote.sections = fitting(std::move(vote.sections), shared_.options.limits.vote_bytes_max);
    return vote;
  } catch (...) {
    return {false, {}};
  }
}

void Acceptor::add_acceptance(CoordNum coord, RoundNum round, VoteSections vote,
                              Accepting& result) const {
  if (!result.accepted.empty()) {
    Acceptance& last = result.accepted.back();
    if (last.first.plus(last.count) == round && last.vote == vote) {
      ++last.count;
      return;
    }
  }
  result.accepted.push_back({coord, round, 1, std::move(vote)});
}

void Acceptor::leader_shown(CoordNum coord, Duration quorum_age) {
  if (shared_.options.stickiness == Duration::zero()) return;
  if (SYNOD_MUTANT("deaf-leader-is-shielded")) quorum_age = Duration::zero();
  if (quorum_age < Duration::zero() || quorum_age >= shared_.options.stickiness) return;
  // What an earlier leader said may come late.
  if (shared_.now < shielded_until_ && coord < shielded_) return;
  shielded_ = coord;
  shielded_until_ = shared_.now.after(shared_.options.stickiness - quorum_age);
}

void Acceptor::installed(RoundNum round) {
  drop_applied(round);
  if (SYNOD_MUTANT("install-drops-accepts")) accepted_.drop_from(round.next());
  if (SYNOD_MUTANT("install-lowers-promise")) promised_ = CoordNum{};
}

void Acceptor::restore(const PromiseRecord& record) {
  if (SYNOD_MUTANT("replay-forgets-promise")) return;
  promised_ = std::max(promised_, record.coord);
  if (SYNOD_MUTANT("reuse-number-after-restart")) return;
  counter_seen_ = std::max(counter_seen_, promised_.counter);
}

void Acceptor::restore(const AcceptedRecord& record) {
  restore(PromiseRecord{record.placed.coord});
  if (SYNOD_MUTANT("replay-forgets-acceptances")) return;
  if (record.placed.round < accepted_.first()) return;
  Accepted& accepted = accepted_.get(record.placed.round);
  if (record.placed.coord < accepted.coord) return;
  accepted = {record.placed.coord, record.placed.entry, 0};
}

void Acceptor::write_anew() {
  const bool whole = !SYNOD_MUTANT("checkpoint-without-promise");
  if (whole) shared_.outbox.record(PromiseRecord{promised_});
  if (SYNOD_MUTANT("checkpoint-without-acceptances")) return;
  for (RoundNum round = accepted_.first(); round < accepted_.end(); round = round.next()) {
    Accepted* accepted = accepted_.find(round);
    if (accepted == nullptr) continue;
    accepted->sequence = shared_.outbox.sequence();
    shared_.outbox.record(AcceptedRecord{{round, accepted->coord, accepted->entry}});
  }
}

}  // namespace synod
