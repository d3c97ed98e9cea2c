#include "protocol/founders_vote.hpp"

#include <algorithm>

#include <synod/check.hpp>

namespace synod {

namespace {

// In round 0 there is no memory that counts: a vote counts by its node's id.
constexpr Incarnation kAny{1};

GenesisMap terms_of(GenesisMap map) {
  for (GenesisMember& each : map.members) {
    each.member.address.clear();
    each.incarnation = Incarnation(0);
  }
  return map;
}

}  // namespace

bool same_terms(const GenesisMap& a, const GenesisMap& b) { return terms_of(a) == terms_of(b); }

FoundersVote::FoundersVote(Shared& shared) : shared_(shared) {
  const Cluster& founders = shared_.options.founders;
  if (shared_.options.founding != FoundingRule::kQuorum) return;
  if (!refusal(founders, std::min<std::size_t>(shared_.options.limits.members_max, 64)).empty()) {
    return;
  }
  electorate_ = std::make_shared<const Electorate>(std::make_shared<const Cluster>(founders),
                                                   [](NodeId) { return kAny; });
}

AcceptorSet FoundersVote::bit_of(NodeId id) const {
  return electorate_ == nullptr ? 0 : electorate_->bit_of(id, kAny);
}

bool FoundersVote::names_enough(const GenesisMap& map) const {
  AcceptorSet named = 0;
  for (const GenesisMember& each : map.members) {
    if (each.incarnation != Incarnation(0)) named |= bit_of(each.member.id);
  }
  return electorate_ != nullptr && electorate_->is_phase1_quorum(named) &&
         electorate_->is_phase2_quorum(named);
}

bool FoundersVote::reasonable(const CoordNum& coord) const {
  const std::uint64_t base = std::max(counter_seen_, vote_.promised.counter);
  return coord.counter <= base || coord.counter - base <= shared_.options.limits.counter_jump_max;
}

void FoundersVote::record() { shared_.outbox.record(vote_); }

void FoundersVote::write_anew() {
  if (vote_.promised != CoordNum()) record();
}

// --- The acceptor's side.

void FoundersVote::on(NodeId from, const GenesisPrepare& prepare) {
  if (bit_of(shared_.options.id) == 0 || !reasonable(prepare.coord)) return;
  counter_seen_ = std::max(counter_seen_, prepare.coord.counter);
  if (prepare.coord < vote_.promised) {
    return shared_.outbox.send(from, GenesisConflict{prepare.coord, vote_.promised});
  }
  // The same bid asks again: its answer may have been lost. Nothing new to remember.
  if (prepare.coord != vote_.promised) {
    vote_.promised = prepare.coord;
    record();
  }
  shared_.outbox.send_after_records(
      from, GenesisPromise{prepare.coord, vote_.accepted_at, vote_.accepted});
}

std::string FoundersVote::on(NodeId from, const GenesisPropose& propose) {
  if (bit_of(shared_.options.id) == 0 || !reasonable(propose.coord)) return {};
  counter_seen_ = std::max(counter_seen_, propose.coord.counter);
  if (propose.coord < vote_.promised) {
    shared_.outbox.send(from, GenesisConflict{propose.coord, vote_.promised});
    return {};
  }
  if (!names_enough(propose.map)) return {};
  if (vote_.accepted_at == propose.coord) {
    if (*vote_.accepted != propose.map) {
      return "the genesis has two maps at " + to_string(propose.coord);
    }
  } else {
    vote_ = {propose.coord, propose.coord, propose.map};
    record();
  }
  shared_.outbox.send_after_records(from, GenesisAcceptance{propose.coord});
  return {};
}

// --- The proposer's side.

void FoundersVote::wait_a_moment() {
  const Duration longest = shared_.options.back_off * (1 << std::min<std::uint32_t>(losses_, 3));
  not_before_ =
      shared_.now.after(shared_.prng.between(Duration(1), std::max(Duration(1), longest)));
}

void FoundersVote::campaign(const GenesisMap& terms) {
  SYNOD_CHECK(!campaign_.has_value() && electorate_ != nullptr, "no bid can begin");
  campaign_ = Campaign{};
  campaign_->coord = {std::max(vote_.promised.counter, counter_seen_) + 1, shared_.options.id,
                      shared_.options.incarnation};
  campaign_->terms = terms;
  campaign_->give_up_at = shared_.now.after(shared_.options.campaign_timeout);
  // What this node accepted before is its part of phase 1. One that does not accept records its bid
  // as well, so that it never uses a number twice.
  campaign_->bound_at = vote_.accepted_at;
  campaign_->map = vote_.accepted;
  vote_.promised = campaign_->coord;
  record();
  campaign_->own_sequence = shared_.outbox.sequence();
  ask(false);
}

// Nobody hears of a number before it is durable that this node used it.
void FoundersVote::ask(bool again) {
  std::vector<NodeId> to;
  for (const NodeId id : electorate_->acceptors()) {
    const bool answered = again && (campaign_->votes & bit_of(id)) != 0;
    if (id != shared_.options.id && !answered) to.push_back(id);
  }
  if (campaign_->proposes) {
    shared_.outbox.send_after_records(std::move(to),
                                      GenesisPropose{campaign_->coord, *campaign_->map});
  } else {
    shared_.outbox.send_after_records(std::move(to),
                                      GenesisPrepare{campaign_->coord, campaign_->terms});
  }
  campaign_->ask_again_at =
      shared_.now.after(shared_.backed_off(shared_.options.retransmit_after, campaign_->attempts));
  ++campaign_->attempts;
}

void FoundersVote::on(NodeId from, const GenesisPromise& promise) {
  if (!campaign_.has_value() || campaign_->proposes || promise.coord != campaign_->coord) return;
  campaign_->votes |= bit_of(from);
  if (promise.accepted.has_value() && promise.accepted_at > campaign_->bound_at) {
    campaign_->bound_at = promise.accepted_at;
    campaign_->map = promise.accepted;
  }
}

void FoundersVote::on(NodeId from, const GenesisAcceptance& acceptance) {
  if (!campaign_.has_value() || !campaign_->proposes) return;
  if (acceptance.coord == campaign_->coord) campaign_->votes |= bit_of(from);
}

void FoundersVote::on(NodeId from, const GenesisConflict& conflict) {
  if (reasonable(conflict.promised)) {
    counter_seen_ = std::max(counter_seen_, conflict.promised.counter);
  }
  if (campaign_.has_value() && conflict.coord == campaign_->coord) {
    campaign_->refusals |= bit_of(from);
  }
}

void FoundersVote::written(std::uint64_t sequence) {
  if (!campaign_.has_value() || campaign_->own_sequence == 0) return;
  if (sequence < campaign_->own_sequence) return;
  campaign_->own_sequence = 0;
  campaign_->votes |= bit_of(shared_.options.id);
}

std::optional<GenesisMap> FoundersVote::advance(const GenesisMap& own) {
  if (!campaign_.has_value()) return std::nullopt;
  if (!campaign_->proposes && electorate_->is_phase1_quorum(campaign_->votes)) propose(own);
  if (!campaign_.has_value()) return std::nullopt;
  const AcceptorSet refusals = campaign_->refusals & ~campaign_->votes;
  if (campaign_->proposes && electorate_->is_phase2_quorum(campaign_->votes)) {
    GenesisMap decided = std::move(*campaign_->map);
    campaign_.reset();
    return decided;
  }
  const bool open = campaign_->proposes ? electorate_->can_reach_phase2(refusals)
                                        : electorate_->can_reach_phase1(refusals);
  if (!open) lose();
  return std::nullopt;
}

void FoundersVote::propose(const GenesisMap& own) {
  Campaign& campaign = *campaign_;
  // This node has promised somebody else since: the bid cannot have its own vote.
  if (vote_.promised != campaign.coord) return lose();
  if (!campaign.map.has_value()) campaign.map = own;
  // Somebody that was heard of has turned out not to count since.
  if (!names_enough(*campaign.map)) return lose();
  campaign.proposes = true;
  campaign.votes = 0;
  campaign.refusals = 0;
  campaign.attempts = 0;
  campaign.own_sequence = 0;
  if (bit_of(shared_.options.id) != 0) {
    vote_ = {campaign.coord, campaign.coord, campaign.map};
    record();
    campaign.own_sequence = shared_.outbox.sequence();
  }
  ask(false);
}

void FoundersVote::lose() {
  campaign_.reset();
  wait_a_moment();
  ++losses_;
}

void FoundersVote::tick() {
  if (!campaign_.has_value()) return;
  if (shared_.now >= campaign_->give_up_at) return lose();
  if (shared_.now >= campaign_->ask_again_at) ask(true);
}

Timestamp FoundersVote::deadline() const {
  if (!campaign_.has_value()) return Timestamp::max();
  return std::min(campaign_->ask_again_at, campaign_->give_up_at);
}

}  // namespace synod
