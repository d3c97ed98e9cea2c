#include <synod/decorations/delegation.hpp>

#include <algorithm>

#include <synod/probe.hpp>

#include "delegation_implementation.hpp"

namespace synod {

Delegation::Implementation::Implementation(Options options, TrackLeadership& leadership)
    : options_(options), leadership_(&leadership) {
  leadership.subscribe([this](std::optional<NodeId>) { leadership_changed_ = !waiting_.empty(); });
}

void Delegation::Implementation::start(DecorationContext& context) {
  context_ = &context;
  const ReplicaView view = context.replica();
  self_ = view.id;
  applied_ = view.applied;
  active_ = view.participation == Participation::kActive;
  leading_ = view.standing == Standing::kLeading;
  epoch_ = context.prng().next();
  last_attempt_ = static_cast<std::uint32_t>(context.prng().next());
}

// A leader that was suspected counts again as soon as it shows itself.
std::optional<NodeId> Delegation::Implementation::leader() const {
  const std::optional<NodeId> leader = leadership_->leader();
  const bool doubtful =
      leader == suspect_ && leader.has_value() && leadership_->last_seen(*leader) <= suspected_at_;
  return doubtful ? std::nullopt : leader;
}

bool Delegation::Implementation::leads() const {
  return leading_ || leadership_->leading() || context_->now() < leading_until_;
}

bool Delegation::Implementation::may_lead() const {
  if (!active_) {
    return false;
  }
  const ReplicaView view = context_->replica();
  const Member* member = view.cluster != nullptr ? view.cluster->find(self_) : nullptr;
  return member != nullptr && member->roles.propose;
}

void Delegation::Implementation::suspect(NodeId node) {
  SYNOD_MARK("delegation.suspects-a-leader");
  suspect_ = node;
  suspected_at_ = context_->now();
}

// A token dies with this process, and with the process that it was given to: what was sent with it,
// and comes again later, is never obeyed.
bool Delegation::Implementation::is_admitted(NodeId from, const delegation::Heading& heading) {
  Admission& admission = admitted_[from];
  if (admission.token == 0 || admission.epoch != heading.epoch) {
    admission = Admission{heading.epoch, context_->prng().next() | 1, 0, 0};
  }
  return admission.token == heading.token;
}

bool Delegation::Implementation::first_time(Admission& admission, std::uint64_t number) {
  if (number > admission.highest) {
    const std::uint64_t step = number - admission.highest;
    admission.below = (step < 64 ? admission.below << step : 0) | 1;
    admission.highest = number;
    return true;
  }
  SYNOD_MARK("delegation.message-is-overtaken");
  const std::uint64_t back = admission.highest - number;
  if (back >= 64 || (admission.below >> back & 1) != 0) {
    return false;
  }
  admission.below |= std::uint64_t{1} << back;
  return true;
}

// --- Messages ------------------------------------------------------------------------------------

// The body of the message that is being filled for `to`; a new one where the last has no room.
Bytes& Delegation::Implementation::parcel(NodeId to, bool is_forward,
                                          const delegation::Forward& heading, std::size_t room) {
  for (Parcel& open : parcels_) {
    if (open.to == to && open.is_forward == is_forward && open.heading == heading &&
        options_.batch && open.body.size() + room <= options_.message_bytes &&
        !SYNOD_BUGGIFY("delegation.message-of-one")) {
      return open.body;
    }
  }
  parcels_.push_back({to, is_forward, heading, {}});
  return parcels_.back().body;
}

void Delegation::Implementation::send_parcel(const Parcel& parcel) {
  Bytes bytes;
  ByteWriter out(bytes);
  if (parcel.is_forward) {
    encode(delegation::Heading{epoch_, tokens_[parcel.to], ++last_number_, true}, out);
    encode_heading(parcel.heading, out);
  } else {
    const Admission& admission = admitted_[parcel.to];
    encode(delegation::Heading{admission.epoch, admission.token, 0, false}, out);
  }
  out.raw(parcel.body);
  context_->send(std::span(&parcel.to, 1), bytes);
}

void Delegation::Implementation::flush() {
  for (const Parcel& parcel : parcels_) {
    send_parcel(parcel);
  }
  parcels_.clear();
}

void Delegation::Implementation::on_message(NodeId from, std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  delegation::Heading heading;
  decode(in, heading);
  if (heading.is_forward) {
    delegation::Forward forward;
    decode(in, forward);
    if (!in.done() || stopped_) {
      return;
    }
    if (!is_admitted(from, heading)) {
      refuse(from, heading, forward);
    } else if (first_time(admitted_[from], heading.number)) {
      on_forward(from, std::move(forward));
    }
    return;
  }
  std::vector<delegation::Answer> answers;
  decode(in, answers);
  if (!in.done()) {
    return;
  }
  take_token(from, heading);
  for (const delegation::Answer& answer : answers) {
    on_answer(from, answer);
  }
}

// --- Hooks ---------------------------------------------------------------------------------------

void Delegation::Implementation::on_event(const Event& event) {
  if (const auto* applied = std::get_if<Applied>(&event)) {
    on_applied(*applied);
  } else if (const auto* installed = std::get_if<Installed>(&event)) {
    on_installed(installed->round);
  } else if (const auto* standing = std::get_if<StandingChanged>(&event)) {
    leading_ = standing->after == Standing::kLeading;
    leadership_changed_ = !waiting_.empty();
  } else if (const auto* participation = std::get_if<ParticipationChanged>(&event)) {
    active_ = participation->after == Participation::kActive;
    leadership_changed_ = !waiting_.empty();
  } else if (const auto* lost = std::get_if<MandateLost>(&event)) {
    if (lost->to.proposer != self_) {
      leading_until_ = Timestamp();
    }
  }
}

// What one turn has to say is gathered, and sent in the same turn.
Timestamp Delegation::Implementation::deadline() const {
  if (stopped_ || context_ == nullptr) {
    return Timestamp::max();
  }
  if (!parcels_.empty() || leadership_changed_) {
    return Timestamp();
  }
  return std::min(turn_at_, due_);
}

void Delegation::Implementation::on_deadline() {
  const Timestamp now = context_->now();
  if (turn_at_ <= now) {
    take_turn();
  }
  if (std::exchange(leadership_changed_, false) || due_ <= now) {
    look_after_all();
  }
  flush();
}

Delegation::Delegation(Options options, TrackLeadership& leadership)
    : implementation_(std::make_unique<Implementation>(options, leadership)) {}
Delegation::~Delegation() = default;

const Delegation::Stats& Delegation::stats() const { return implementation_->stats; }
std::size_t Delegation::waiting() const { return implementation_->waiting(); }
void Delegation::on_start(DecorationContext& context) { implementation_->start(context); }
void Delegation::on_event(DecorationContext& /*context*/, const Event& event) {
  implementation_->on_event(event);
}
void Delegation::on_message(DecorationContext& /*context*/, NodeId from,
                            std::span<const std::byte> bytes) {
  implementation_->on_message(from, bytes);
}
Timestamp Delegation::deadline() const { return implementation_->deadline(); }
void Delegation::on_deadline(DecorationContext& /*context*/) { implementation_->on_deadline(); }
AppendVerdict Delegation::on_append(DecorationContext& /*context*/, AppendRequest& request) {
  return implementation_->on_append(request);
}
void Delegation::on_shut_down(DecorationContext& /*context*/) { implementation_->shut_down(); }

}  // namespace synod
