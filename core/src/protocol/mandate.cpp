#include "protocol/mandate.hpp"

#include <algorithm>

namespace synod {

Mandate::Added Mandate::add(NodeId from, Incarnation incarnation, const Promise& page) {
  if (page.pages == 0 || page.pages > 64 || page.page >= page.pages) return Added::kPart;
  auto promiser = std::find_if(promisers_.begin(), promisers_.end(),
                               [&](const Promiser& known) { return known.id == from; });
  if (promiser == promisers_.end()) {
    promisers_.push_back({from, incarnation, page.speaks_from, 0, page.pages});
    promiser = std::prev(promisers_.end());
  }
  if (promiser->complete() && promiser->incarnation == incarnation) return Added::kPart;
  // Pages of another answer (the node applied more, or lost its memory, between two tellings) do not
  // make up one promise: start it anew.
  const bool same_answer = promiser->incarnation == incarnation &&
                           promiser->speaks_from == page.speaks_from &&
                           promiser->pages == page.pages;
  if (!same_answer) *promiser = {from, incarnation, page.speaks_from, 0, page.pages};
  promiser->pages_seen |= 1ull << page.page;
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
  if (placed.coord > forced->coord) *forced = {placed.coord, placed.entry};
  return true;
}

AcceptorSet Mandate::promisers(const Electorate& electorate, RoundNum round) const {
  AcceptorSet set = 0;
  for (const Promiser& promiser : promisers_) {
    if (!promiser.complete() || promiser.speaks_from > round) continue;
    set |= electorate.bit_of(promiser.id, promiser.incarnation);
  }
  return set;
}

RoundNum Mandate::spoken_for_from() const {
  RoundNum from = first_;
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
  first_ = spoken_for_from();
  forced_.drop_below(first_);
}

}  // namespace synod
