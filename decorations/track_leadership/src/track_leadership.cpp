#include <synod/decorations/track_leadership.hpp>

#include <algorithm>
#include <utility>

#include <synod/probe.hpp>

namespace synod {
namespace {

constexpr std::size_t kMandatesMax = 8;

}  // namespace

void TrackLeadership::subscribe(Subscriber subscriber) {
  subscribers_.push_back(std::move(subscriber));
}

std::optional<NodeId> TrackLeadership::leader() const {
  const Mandate* mandate = alive(true);
  return mandate != nullptr ? std::optional(mandate->leader) : std::nullopt;
}

std::optional<NodeId> TrackLeadership::lax_leader() const {
  const Mandate* mandate = alive(false);
  return mandate != nullptr ? std::optional(mandate->leader) : std::nullopt;
}

Timestamp TrackLeadership::last_seen(NodeId node) const {
  Timestamp seen;
  for (const Mandate& mandate : mandates_) {
    seen = mandate.leader == node ? std::max(seen, mandate.last_seen) : seen;
  }
  return seen;
}

Timestamp TrackLeadership::alive_until(const Mandate& mandate) const {
  if (own_ == mandate.coord) {
    return Timestamp::max();  // The replica itself says when its mandate ends.
  }
  return std::min(mandate.last_seen.after(options_.silence_max),
                  mandate.quorum_seen.after(options_.quorum_age_max));
}

// The highest one that is alive: whoever it outranks cannot settle anything that this node votes
// on.
const TrackLeadership::Mandate* TrackLeadership::alive(bool strict_only) const {
  if (context_ == nullptr) {
    return nullptr;
  }
  const Timestamp now = context_->now();
  for (auto mandate = mandates_.rbegin(); mandate != mandates_.rend(); ++mandate) {
    if ((mandate->strict || !strict_only) && now < alive_until(*mandate)) {
      return &*mandate;
    }
  }
  return nullptr;
}

TrackLeadership::Mandate& TrackLeadership::remember(const CoordNum& coord, NodeId leader,
                                                    Timestamp at) {
  const auto below = [](const Mandate& mandate, const CoordNum& number) {
    return mandate.coord < number;
  };
  auto place = std::lower_bound(mandates_.begin(), mandates_.end(), coord, below);
  if (place == mandates_.end() || place->coord != coord) {
    place = mandates_.insert(place, Mandate{leader, coord, RoundNum(), at, at, false});
  }
  return *place;
}

void TrackLeadership::on(const Directive& directive) {
  Mandate& mandate = remember(directive.coord, directive.leader, directive.at);
  mandate.last_round = std::max(mandate.last_round, directive.round);
  mandate.last_seen = std::max(mandate.last_seen, directive.at);
  if (directive.quorum_age <= directive.at.since(Timestamp())) {
    const Timestamp answered(directive.at.microseconds() - directive.quorum_age.count());
    // The first word of a new leader may come before any quorum could answer it.
    mandate.quorum_seen = std::max(mandate.quorum_seen, answered);
  }
  if (directive.kind != DirectiveKind::kPrepare && !std::exchange(mandate.strict, true)) {
    // Strict: whoever was promised less than this settles nothing more, as far as this node can
    // tell.
    const CoordNum coord = directive.coord;
    const std::size_t outranked =
        std::erase_if(mandates_, [&](const Mandate& other) { return other.coord < coord; });
    if (outranked > 0) SYNOD_MARK("track-leadership.leader-outranked");
  }
  if (mandates_.size() > kMandatesMax) {
    mandates_.erase(mandates_.begin());
  }
}

void TrackLeadership::on(const MandateWon& won) {
  own_ = won.coord;
  Mandate& mandate = remember(won.coord, won.coord.proposer, context_->now());
  mandate.strict = true;
  mandate.last_round = std::max(mandate.last_round, won.round);
  mandate.last_seen = context_->now();
  mandate.quorum_seen = context_->now();
}

void TrackLeadership::on(const MandateLost& lost) {
  std::erase_if(mandates_, [&](const Mandate& mandate) { return mandate.coord == lost.coord; });
  if (own_ == lost.coord) {
    own_.reset();
  }
}

void TrackLeadership::announce() {
  const std::optional<NodeId> now_leading = leader();
  if (now_leading == announced_) {
    return;
  }
  announced_ = now_leading;
  for (Subscriber& subscriber : subscribers_) {
    subscriber(now_leading);
  }
}

void TrackLeadership::on_start(DecorationContext& context) { context_ = &context; }

void TrackLeadership::on_event(DecorationContext& /*context*/, const Event& event) {
  if (const auto* directive = std::get_if<Directive>(&event)) {
    on(*directive);
  } else if (const auto* won = std::get_if<MandateWon>(&event)) {
    on(*won);
  } else if (const auto* lost = std::get_if<MandateLost>(&event)) {
    on(*lost);
  } else {
    return;
  }
  announce();
}

Timestamp TrackLeadership::deadline() const {
  if (!announced_.has_value()) {
    return Timestamp::max();
  }
  const Mandate* mandate = context_ != nullptr ? alive(true) : nullptr;
  return mandate != nullptr ? alive_until(*mandate) : Timestamp();
}

void TrackLeadership::on_deadline(DecorationContext& /*context*/) {
  SYNOD_MARK("track-leadership.leader-fell-silent");
  announce();
}

}  // namespace synod
