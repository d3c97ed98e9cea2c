#include <synod/decorations/heartbeats.hpp>

#include <synod/probe.hpp>
#include <synod/retry.hpp>

namespace synod {

void Heartbeats::on_start(DecorationContext& context) { rearm(context.now()); }

void Heartbeats::rearm(Timestamp now) {
  const Duration pause = leadership_->leading() ? options_.leader_interval : options_.interval;
  due_ = pause > Duration::zero() && !disoriented_ ? now.after(pause) : Timestamp::max();
}

void Heartbeats::on_event(DecorationContext& context, const Event& event) {
  if (const auto* standing = std::get_if<StandingChanged>(&event)) {
    disoriented_ = standing->after == Standing::kDisoriented;
  } else if (const auto* started = std::get_if<Started>(&event)) {
    disoriented_ = started->standing == Standing::kDisoriented;
  } else if (!std::holds_alternative<Applied>(event) && !std::holds_alternative<Installed>(event) &&
             !std::holds_alternative<MandateWon>(event) &&
             !std::holds_alternative<MandateLost>(event)) {
    return;
  }
  rearm(context.now());
}

void Heartbeats::on_deadline(DecorationContext& context) {
  if (leadership_->leading()) {
    SYNOD_MARK("heartbeats.leader-appends-a-no-op");
    AppendRequest noop;
    noop.importance = Importance::kMaintainLeadership;
    noop.deadline = context.now().after(4 * options_.leader_interval);
    noop.retry = do_not_retry();
    ++noops_;
    context.append(std::move(noop));
  } else {
    fetch_next(context);
  }
  rearm(context.now());
}

// What the others settled meanwhile, without troubling anybody's promise.
void Heartbeats::fetch_next(DecorationContext& context) {
  const ReplicaView view = context.replica();
  const RoundNum next = view.applied.next();
  std::optional<NodeId> peer = leadership_->leader();
  if (!peer.has_value() && view.cluster != nullptr) {
    std::vector<NodeId> others;
    for (const Member& member : view.cluster->members) {
      if (member.id != view.id) {
        others.push_back(member.id);
      }
    }
    if (!others.empty()) {
      peer = others[context.prng().below(others.size())];
    }
  }
  if (peer.has_value() && *peer != view.id) {
    SYNOD_MARK("heartbeats.asks-for-the-next-round");
    ++fetches_;
    context.fetch({*peer, next, next});
  }
}

}  // namespace synod
