#include "protocol/mandate.hpp"

#include <algorithm>

#include <synod/probe.hpp>

#include "base/mutants.hpp"

namespace synod {

namespace {

// More pages, or rounds further up, than any acceptor can have: Limits::accepted_ahead_max is far
// below both.
constexpr std::uint32_t kPagesMax = 1u << 20;
constexpr std::uint64_t kRoundsMax = 1u << 22;

bool reasonable(const Promise& page) {
  if (page.pages == 0 || page.pages > kPagesMax || page.page >= page.pages) return false;
  return std::all_of(page.accepted.begin(), page.accepted.end(), [&](const PlacedEntry& placed) {
    return placed.round >= page.speaks_from && placed.round.above(page.speaks_from) <= kRoundsMax;
  });
}

}  // namespace

Mandate::Added Mandate::add(NodeId from, Incarnation incarnation, const Promise& page) {
  if (!reasonable(page)) return Added::kPart;
  // What lies below is settled, whoever else promises: no need to keep what binds there.
  if (electing_) forced_.drop_below(std::max(first_, page.speaks_from));
  // A promise of somebody that far away does not count: what it reports could not be kept.
  const bool far = std::any_of(page.accepted.begin(), page.accepted.end(), [&](const auto& placed) {
    return placed.round.above(forced_.first()) > kRoundsMax;
  });
  if (far) return Added::kPart;
  auto promiser = std::find_if(promisers_.begin(), promisers_.end(),
                               [&](const Promiser& known) { return known.id == from; });
  if (promiser == promisers_.end()) {
    promisers_.emplace_back();
    promiser = std::prev(promisers_.end());
    promiser->id = from;
  }
  if (promiser->complete() && promiser->incarnation == incarnation) return Added::kPart;
  // Pages of another answer (the node applied more, or lost its memory, between two tellings) do
  // not make up one promise: start it anew.
  const bool same_answer =
      promiser->incarnation == incarnation && promiser->speaks_from == page.speaks_from &&
      promiser->telling == page.telling && promiser->pages_seen.size() == page.pages;
  if (!same_answer) {
    if (!promiser->pages_seen.empty()) SYNOD_MARK("mandate.promise-starts-anew");
    *promiser = {
        from,      incarnation, page.speaks_from, page.telling, std::vector<bool>(page.pages),
        page.pages};
    if (SYNOD_MUTANT("page-is-the-whole-promise")) promiser->pages_missing = 1;
  }
  if (!promiser->pages_seen[page.page] && promiser->pages_missing > 0) --promiser->pages_missing;
  promiser->pages_seen[page.page] = true;
  if (!electing_ && SYNOD_MUTANT("late-promise-not-honoured")) return Added::kComplete;
  if (page.accepted.empty() && SYNOD_MUTANT("empty-promise-beats-entry")) {
    forced_.drop_from(forced_.first());
  }
  for (const PlacedEntry& placed : page.accepted) {
    if (placed.round >= forced_.first() && !merge(placed)) return Added::kContradiction;
  }
  return promiser->complete() ? Added::kComplete : Added::kPart;
}

bool Mandate::merge(const PlacedEntry& placed) {
  Forced* forced = forced_.find(placed.round);
  if (forced == nullptr) {
    forced_.get(placed.round) = {placed.coord, placed.entry};
    return true;
  }
  if (placed.coord == forced->coord) return placed.entry.id == forced->entry.id;
  const bool lowest = SYNOD_MUTANT("phase1-ignores-highest");
  SYNOD_MARK("mandate.two-numbers-in-one-round");
  if (lowest ? placed.coord < forced->coord : placed.coord > forced->coord) {
    *forced = {placed.coord, placed.entry};
  }
  return true;
}

AcceptorSet Mandate::promisers(const Electorate& electorate, RoundNum round) const {
  AcceptorSet set = 0;
  for (const Promiser& promiser : promisers_) {
    const bool covers = promiser.speaks_from <= round || SYNOD_MUTANT("promise-covers-everything");
    if (!promiser.complete() || !covers) continue;
    set |= electorate.bit_of(promiser.id, promiser.incarnation);
  }
  return set;
}

RoundNum Mandate::spoken_for_from() const {
  RoundNum from = first_;
  if (SYNOD_MUTANT("promise-covers-everything")) return from;
  for (const Promiser& promiser : promisers_) {
    if (promiser.complete()) from = std::max(from, promiser.speaks_from);
  }
  return from;
}

NodeId Mandate::furthest() const {
  for (const Promiser& promiser : promisers_) {
    if (promiser.complete() && promiser.speaks_from == spoken_for_from()) return promiser.id;
  }
  return NodeId(0);
}

bool Mandate::has_promise_of(NodeId id) const {
  return std::any_of(promisers_.begin(), promisers_.end(), [&](const Promiser& promiser) {
    return promiser.id == id && promiser.complete();
  });
}

void Mandate::start_where_spoken_for() {
  electing_ = false;
  if (spoken_for_from() > first_) SYNOD_MARK("mandate.starts-above-what-it-asked");
  first_ = std::max(spoken_for_from(), forced_.first());
  forced_.drop_below(first_);
}

}  // namespace synod
