#include <synod/decorations/catch_up.hpp>

#include <algorithm>

#include <synod/probe.hpp>

namespace synod {

void CatchUp::on_start(DecorationContext& context) {
  applied_ = context.replica().applied;
  refresh_peers(context.replica());
}

// Everything is done in on_deadline, once per turn, however many events there were.
void CatchUp::wake(Timestamp at) { due_ = std::min(due_, at); }

void CatchUp::on_event(DecorationContext& context, const Event& event) {
  if (const auto* applied = std::get_if<Applied>(&event)) {
    applied_ = std::max(applied_, applied->placed.round);
    if (!ranges_.empty()) {
      wake(context.now());
    }
  } else if (const auto* committed = std::get_if<Committed>(&event)) {
    on_committed(committed->placed.round);
  } else if (const auto* progress = std::get_if<PeerProgress>(&event)) {
    on(context, *progress);
  } else if (const auto* gaps = std::get_if<Gaps>(&event)) {
    on(context, *gaps);
  } else if (const auto* standing = std::get_if<StandingChanged>(&event)) {
    lagging_ = standing->after == Standing::kLagging;
    wake(lagging_ ? context.now() : Timestamp::max());
  } else if (const auto* started = std::get_if<Started>(&event)) {
    lagging_ = started->standing == Standing::kLagging;
    wake(lagging_ ? context.now() : Timestamp::max());
  } else if (const auto* installed = std::get_if<Installed>(&event)) {
    applied_ = std::max(applied_, installed->round);
    snapshot_until_ = Timestamp();
    wake(context.now());
  }
}

void CatchUp::on(DecorationContext& context, const PeerProgress& progress) {
  Peer* peer = find(progress.node);
  if (peer == nullptr) {
    const auto place = std::lower_bound(peers_.begin(), peers_.end(), progress.node,
                                        [](const Peer& a, NodeId id) { return a.id < id; });
    peer = &*peers_.insert(place, Peer{progress.node, {}, {}, {}});
  }
  peer->settled_to = std::max(peer->settled_to, progress.settled_to);
  peer->retained_from = std::max(peer->retained_from, progress.retained_from);
  peer->shunned_until = Timestamp();
  target_ = std::max(target_, progress.settled_to);
  for (Range& range : ranges_) {
    range.answered = range.answered || range.peer == progress.node;
  }
  if (target_ > applied_) {
    wake(context.now());
  }
}

void CatchUp::on(DecorationContext& context, const Gaps& gaps) {
  for (const GapRange& gap : gaps.gaps) {
    target_ = std::max(target_, gap.last);
  }
  if (!gaps.gaps.empty()) {
    wake(context.now());
  }
}

void CatchUp::on_committed(RoundNum round) {
  for (Range& range : ranges_) {
    if (range.next <= round && round <= range.last) {
      range.next = round.next();
      return;
    }
  }
}

CatchUp::Peer* CatchUp::find(NodeId id) {
  const auto found =
      std::find_if(peers_.begin(), peers_.end(), [id](const Peer& peer) { return peer.id == id; });
  return found != peers_.end() ? &*found : nullptr;
}

void CatchUp::refresh_peers(const ReplicaView& view) {
  std::vector<NodeId> ids = options_.additional_peers;
  if (view.cluster != nullptr) {
    for (const Member& member : view.cluster->members) {
      ids.push_back(member.id);
    }
  }
  for (const NodeId id : ids) {
    if (id != view.id && find(id) == nullptr) {
      peers_.push_back({id, {}, {}, {}});
    }
  }
  std::sort(peers_.begin(), peers_.end(), [](const Peer& a, const Peer& b) { return a.id < b.id; });
}

// Whoever gave something takes part again with what is left of its range; whoever did not is
// shunned for a while, so that the range goes to somebody else.
void CatchUp::drop_finished(Timestamp now) {
  for (Range& range : ranges_) {
    range.next = std::max(range.next, applied_.next());
    Peer* peer = find(range.peer);
    const bool useless = range.next == range.first && peer != nullptr;
    if (range.answered && useless) {
      peer->shunned_until = now.after(options_.timeout);
    } else if (range.expires <= now && useless) {
      SYNOD_MARK("catch-up.peer-does-not-answer");
      peer->shunned_until = now.after(4 * options_.timeout);
    }
  }
  std::erase_if(ranges_, [now](const Range& range) {
    return range.answered || range.next > range.last || range.expires <= now;
  });
}

// In rotation: somebody who has the range, is not busy with another one, and answers. Where
// everybody has dropped it, the one that is furthest: it will offer its snapshot.
CatchUp::Peer* CatchUp::choose(RoundNum first, Timestamp now) {
  Peer* furthest = nullptr;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    Peer& peer = peers_[(turn_ + i) % peers_.size()];
    const bool busy = std::any_of(ranges_.begin(), ranges_.end(),
                                  [&peer](const Range& range) { return range.peer == peer.id; });
    if (busy || peer.shunned_until > now || peer.settled_to < first) {
      continue;
    }
    if (peer.retained_from <= first) {
      turn_ = (turn_ + i + 1) % peers_.size();
      return &peer;
    }
    furthest = furthest == nullptr || furthest->settled_to < peer.settled_to ? &peer : furthest;
  }
  if (furthest == nullptr || !ranges_.empty() || now < snapshot_until_) {
    return nullptr;
  }
  SYNOD_MARK("catch-up.asks-for-what-nobody-has");
  snapshot_until_ = now.after(4 * options_.timeout);
  return furthest;
}

void CatchUp::fetch(DecorationContext& context, Peer& peer, RoundNum first, RoundNum last) {
  ranges_.push_back({peer.id, first, first, last, context.now().after(options_.timeout), false});
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.next < b.next; });
  ++fetches_;
  context.fetch({peer.id, first, last});
}

// Ranges go out from the lowest round that nobody was asked for yet.
void CatchUp::start_ranges(DecorationContext& context, const ReplicaView& view) {
  const RoundNum horizon = view.applied.plus(options_.range_rounds * options_.in_flight_max);
  RoundNum first = view.applied.next();
  while (ranges_.size() < options_.in_flight_max) {
    RoundNum last = std::min(target_, horizon);
    for (const Range& range : ranges_) {
      if (range.next <= first && first <= range.last) {
        first = range.last.next();
      } else if (range.next > first) {
        last = std::min(last, range.next.previous());
        break;
      }
    }
    last = std::min(last, first.plus(options_.range_rounds - 1));
    if (SYNOD_BUGGIFY("catch-up.range-of-one")) last = std::min(last, first);
    if (first > last) {
      return;
    }
    Peer* peer = choose(first, context.now());
    if (peer == nullptr) {
      return;
    }
    fetch(context, *peer, first, std::min(last, peer->settled_to));
  }
}

// Nobody is known to be ahead, or whoever is does not answer: a fetch of one round tells.
void CatchUp::ask_around(DecorationContext& context, const ReplicaView& view) {
  SYNOD_MARK("catch-up.asks-around");
  for (const Peer& peer : peers_) {
    ++fetches_;
    context.fetch({peer.id, view.applied.next(), view.applied.next()});
  }
  ask_at_ = context.now().after(options_.ask_interval);
}

bool CatchUp::out_of_patience(Timestamp now) {
  const bool anew = applied_ >= behind_target_ && target_ > applied_;
  if (!engaged_ && (behind_since_ == Timestamp::max() || anew)) {
    behind_since_ = now;
    behind_target_ = target_;
  }
  engaged_ = engaged_ || now >= behind_since_.after(options_.patience);
  return engaged_;
}

void CatchUp::on_deadline(DecorationContext& context) {
  const Timestamp now = context.now();
  const ReplicaView view = context.replica();
  due_ = Timestamp::max();
  applied_ = std::max(applied_, view.applied);
  drop_finished(now);
  if (target_ <= applied_ && !lagging_) {
    engaged_ = false;
    behind_since_ = Timestamp::max();
    ask_at_ = Timestamp::max();
    return;
  }
  refresh_peers(view);
  if (!out_of_patience(now)) {
    wake(behind_since_.after(options_.patience));
    return;
  }
  if (target_ > applied_) {
    start_ranges(context, view);
  }
  if (ask_at_ == Timestamp::max() || !ranges_.empty()) {
    ask_at_ = ranges_.empty() ? now : now.after(options_.ask_interval);
  }
  if (ask_at_ <= now) {
    ask_around(context, view);
  }
  wake(ask_at_);
  for (const Range& range : ranges_) {
    wake(range.expires);
  }
}

}  // namespace synod
