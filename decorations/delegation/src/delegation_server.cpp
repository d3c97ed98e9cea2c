#include <synod/probe.hpp>
#include <synod/retry.hpp>
#include <synod/status.hpp>

#include "delegation_implementation.hpp"

namespace synod {

// The sender, which may be a relay, gets its token with whatever is said to it. The origin is told that
// this copy is spent where it came without a token, which nobody ever obeys. What came with another
// token than that in force may be the second copy of what was obeyed.
void Delegation::Implementation::refuse(NodeId from, const delegation::Heading& heading,
                                        const delegation::Forward& forward) {
  if (from != forward.origin) {
    (void)parcel(from, false, {}, 0);
  }
  for (const delegation::ForwardedEntry& forwarded : forward.entries) {
    delegation::Answer strange;
    strange.id = forwarded.entry.id;
    strange.attempt = forwarded.attempt;
    strange.kind = heading.token == 0 ? delegation::AnswerKind::kStrange
                                      : delegation::AnswerKind::kOutdated;
    answer(forward.origin, strange);
  }
}

void Delegation::Implementation::on_forward(NodeId from, delegation::Forward forward) {
  const NodeId origin = forward.origin;
  const std::optional<NodeId> known = leader();
  const bool here = leads() || known == self_;
  if (here || (forward.lead && !known.has_value() && may_lead())) {
    const Importance importance =
        leading_ ? Importance::kMaintainLeadership : Importance::kGainLeadership;
    for (delegation::ForwardedEntry& forwarded : forward.entries) {
      serve(origin, std::move(forwarded), importance);
    }
    return;
  }
  // Passed on at most once, so that two nodes with an old idea of the leader never play ball.
  if (!forward.relayed && known.has_value() && *known != from && *known != origin) {
    SYNOD_MARK("delegation.passes-on");
    stats.relayed += forward.entries.size();
    const delegation::Forward heading{origin, true, false, {}};
    for (const delegation::ForwardedEntry& forwarded : forward.entries) {
      ByteWriter out(parcel(*known, true, heading, forwarded.entry.payload.size()));
      encode(forwarded, out);
    }
    return;
  }
  for (const delegation::ForwardedEntry& forwarded : forward.entries) {
    delegation::Answer no;
    no.id = forwarded.entry.id;
    no.attempt = forwarded.attempt;
    no.kind = delegation::AnswerKind::kNotLeader;
    no.leader = known.value_or(NodeId(0));
    answer(origin, no);
  }
}

void Delegation::Implementation::serve(NodeId origin, delegation::ForwardedEntry forwarded,
                                       Importance importance) {
  const EntryId id = forwarded.entry.id;
  const std::uint32_t attempt = forwarded.attempt;
  if (!served_.emplace(std::pair(id, origin), attempt).second) {
    SYNOD_MARK("delegation.asked-again");
    delegation::Answer working;
    working.id = id;
    working.attempt = attempt;
    answer(origin, working);
    return;
  }
  ++stats.served;
  AppendRequest request;
  request.entry = std::move(forwarded.entry);
  request.importance = importance;
  request.rounds = forwarded.rounds;
  request.deadline = context_->now().after(forwarded.time_left);
  request.on_behalf_of = origin;
  request.retry = do_not_retry();
  request.done = [this, origin, id, attempt](absl::StatusOr<AppendReceipt> result) {
    on_served(origin, id, attempt, result);
  };
  context_->append(std::move(request));
}

void Delegation::Implementation::on_served(NodeId origin, const EntryId& id, std::uint32_t attempt,
                                           const absl::StatusOr<AppendReceipt>& result) {
  served_.erase(std::pair(id, origin));
  if (stopped_) {
    return;
  }
  delegation::Answer end;
  end.id = id;
  end.attempt = attempt;
  if (result.ok()) {
    end.kind = delegation::AnswerKind::kSettled;
    end.round = result->round;
  } else {
    end.kind = delegation::AnswerKind::kFailed;
    end.error = append_error(result.status()).value_or(AppendError{});
    end.error.abstentions.clear();
    end.error.rejections.clear();
  }
  answer(origin, end);
}

void Delegation::Implementation::answer(NodeId origin, const delegation::Answer& answer) {
  ByteWriter out(parcel(origin, false, {}, answer.error.detail.size()));
  encode(answer, out);
}

}  // namespace synod
