#include <synod/replica.hpp>

#include <algorithm>
#include <utility>

#include <synod/check.hpp>
#include <synod/probe.hpp>

#include "base/mutants.hpp"
#include "protocol/replica_implementation.hpp"

namespace synod {

void Output::clear() {
  messages.clear();
  records.clear();
  after_records.clear();
  lazy_records.clear();
  write_lazy_by = Timestamp::max();
  checkpoint = false;
  checkpoint_round = RoundNum(0);
  events.clear();
}

Replica::Replica(const ReplicaOptions& options, StateMachine& state, Voter& voter,
                 Recovered recovered, Timestamp now)
    : implementation_(
          std::make_unique<Implementation>(options, state, voter, std::move(recovered), now)) {}
Replica::~Replica() = default;
void Replica::step(Timestamp now, Input input) { implementation_->step(now, std::move(input)); }
void Replica::take_output(Output& output) { implementation_->take_output(output); }
Timestamp Replica::deadline() const { return implementation_->deadline(); }
ReplicaView Replica::view() const { return implementation_->view(); }
std::string Replica::describe() const { return implementation_->describe(); }
void Replica::check_invariants() const { implementation_->check_invariants(); }

Replica::Implementation::Implementation(const ReplicaOptions& options, StateMachine& state,
                                        Voter& voter, Recovered recovered, Timestamp now)
    : shared_(options),
      state_(state),
      voter_(voter),
      learner_(shared_, state, options.remembered_rounds),
      acceptor_(shared_, learner_, voter),
      election_(shared_),
      proposer_(shared_, membership_, learner_),
      reads_(shared_, membership_),
      fetcher_(shared_),
      founding_(shared_),
      readmission_(shared_, membership_) {
  shared_.now = now;
  replay(std::move(recovered));
  fetcher_.heard();
  founding_.start();
  found();
  update_participation();
  standing_ = standing();
  shared_.outbox.event(Started{standing_, learner_.applied()});
}

void Replica::Implementation::step(Timestamp now, Input input) {
  SYNOD_CHECK(now >= shared_.now, "time went back");
  shared_.now = now;
  if (halted_) return;
  std::visit([this](auto&& taken) { on(std::forward<decltype(taken)>(taken)); }, std::move(input));
}

void Replica::Implementation::take_output(Output& output) {
  if (!halted_) settle();
  shared_.outbox.take(output);
  if (!output.records.empty()) shared_.pace.handed_over(output.sequence, shared_.now);
  if (!halted_) return;
  // A node that contradicts itself or was contradicted says nothing more.
  output.messages.clear();
  output.after_records.clear();
  output.records.clear();
  output.lazy_records.clear();
}

void Replica::Implementation::settle() {
  if (SYNOD_MUTANT("own-vote-before-sync")) count_own_votes(shared_.outbox.sequence());
  tick();
  apply_ready();
  update_participation();
  seek_admission();
  admit_others();
  consider_campaign();
  propose();
  settle_reads();
  if (learner_.has_pending()) fetcher_.gap_below(learner_.end().previous());
  // Entries are of no use before the genesis map is known, and would be fetched over and over.
  if (learner_.has_state() && membership_.genesis().has_value()) {
    fetcher_.settle(learner_.applied(), peers());
  }
  learner_.emit_mark();
  learner_.refresh_gaps();
  learner_.forget_old();
  proposer_.tell_origins();
  watch_removal();
  update_standing();
  write_checkpoint();
}

void Replica::Implementation::on(Deliver deliver) {
  const From from{deliver.from, deliver.incarnation};
  if (deliver.from == shared_.options.id || deliver.from == NodeId(0)) return;
  note_incarnation(from);
  std::visit([&](const auto& message) { on(from, message); }, deliver.message);
}

void Replica::Implementation::fail(const EntryId& id, AppendErrorKind kind, Fate fate) {
  AppendError error;
  error.kind = kind;
  error.fate = fate;
  shared_.outbox.event(AppendFailed{id, std::move(error)});
}

std::optional<AppendErrorKind> Replica::Implementation::append_refusal(const Append& append) const {
  if (append.entry.payload.size() > shared_.options.limits.entry_bytes_max) {
    return AppendErrorKind::kTooLarge;
  }
  if (storage_trouble_) return AppendErrorKind::kStorage;
  if (!may_vote()) return AppendErrorKind::kPassive;
  if (!learner_.has_state()) return AppendErrorKind::kDisoriented;
  if (!may_campaign()) return AppendErrorKind::kExiled;
  if (append.rounds.last <= learner_.applied()) return AppendErrorKind::kConverged;
  const bool only_leading = append.importance != Importance::kGainLeadership;
  if (only_leading && !proposer_.leads()) return AppendErrorKind::kLost;
  return std::nullopt;
}

void Replica::Implementation::on(Append append) {
  if (append.entry.kind == EntryKind::kNoop && append.entry.id.is_nil()) {
    append.entry.id = shared_.prng.entry_id();
  }
  const EntryId id = append.entry.id;
  if (shut_down_) return fail(id, AppendErrorKind::kShutDown, Fate::kNever);
  if (const auto refusal = append_refusal(append); refusal.has_value()) {
    const std::vector<NodeId>& others = peers();
    if (append.importance == Importance::kMaintainPeery && !others.empty()) {
      on(FetchRange{others[static_cast<std::size_t>(shared_.prng.below(others.size()))],
                    learner_.applied().next(), learner_.applied().next()});
    }
    const bool for_good = *refusal == AppendErrorKind::kTooLarge;
    return fail(id, *refusal, for_good ? Fate::kNever : Fate::kDidNotHappen);
  }
  // Somebody else may have placed it before; only who minted the id knows better.
  if (append.entry.last_round <= learner_.applied()) {
    SYNOD_MARK("replica.append-came-after-its-last-round");
    return fail(id, AppendErrorKind::kExpired, Fate::kUnknown);
  }
  const RoundNum expiry = append.entry.last_round;
  const std::uint64_t remembered = learner_.ids().remembered_rounds();
  if (expiry != RoundNum::max() && expiry.above(learner_.applied()) > remembered) {
    AppendError error;
    error.kind = AppendErrorKind::kUnacceptable;
    error.fate = Fate::kNever;
    error.detail = "its last round lies further ahead than ids are remembered (" +
                   std::to_string(remembered) + " rounds): it could take effect twice";
    return shared_.outbox.event(AppendFailed{id, std::move(error)});
  }
  if (!proposer_.enqueue(std::move(append))) {
    fail(id, AppendErrorKind::kOverloaded, Fate::kDidNotHappen);
  }
}

void Replica::Implementation::on(const Read& read) {
  AppendError error;
  error.fate = Fate::kDidNotHappen;
  if (shut_down_) {
    error.kind = AppendErrorKind::kShutDown;
  } else if (!learner_.has_state()) {
    error.kind = AppendErrorKind::kDisoriented;
  } else if (reads_.begin(read)) {
    return;
  } else {
    error.kind = AppendErrorKind::kOverloaded;
  }
  shared_.outbox.event(ReadFailed{read.ticket, std::move(error)});
}

void Replica::Implementation::on(const FetchRange& range) {
  shared_.outbox.send(range.peer, Fetch{shared_.prng.next(), range.first, range.last});
}

void Replica::Implementation::on(const Written& written) {
  shared_.pace.written(written.sequence, shared_.now);
  learner_.written(written.sequence);
  founding_.written(written.sequence);
  if (admission_sequence_ != 0 && written.sequence >= admission_sequence_) admission_sequence_ = 0;
  count_own_votes(written.sequence);
}

void Replica::Implementation::on(const StorageTrouble& trouble) {
  if (storage_trouble_ == trouble.trouble) return;
  SYNOD_MARK("replica.storage-trouble");
  storage_trouble_ = trouble.trouble;
  passive_detail_ = trouble.why;
  shared_.pace.forget_writes();
  if (trouble.trouble) {
    election_.stop();
    resign({}, AppendErrorKind::kStorage);
    AppendError error;
    error.kind = AppendErrorKind::kStorage;
    error.fate = Fate::kDidNotHappen;
    proposer_.fail_queue(error);
    shared_.outbox.event(Warning{"storage: " + trouble.why + "; this node steps aside"});
  } else {
    shared_.outbox.event(Warning{"storage: works again; this node takes part again"});
  }
}

void Replica::Implementation::on(const TakeSnapshot& /*take*/) {
  shared_.outbox.event(SnapshotTaken{make_snapshot()});
}

void Replica::Implementation::on(const InstallSnapshot& given) {
  if (given.snapshot != nullptr) install(*given.snapshot, false);
}

void Replica::Implementation::on(const SnapshotSaved& saved) { checkpoint_wanted_ = saved.round; }

void Replica::Implementation::on(const Eject& given) { eject(given.reason); }

void Replica::Implementation::on(const ShutDown& /*shut_down*/) {
  if (shut_down_) return;
  shut_down_ = true;
  election_.stop();
  resign({}, AppendErrorKind::kShutDown);
  AppendError error;
  error.kind = AppendErrorKind::kShutDown;
  error.fate = Fate::kNever;
  proposer_.fail_queue(error);
  reads_.fail_all(error);
}

void Replica::Implementation::on(const Tick& /*tick*/) {}

// Everything with a deadline looks at the time itself, so a turn for any reason serves it.
void Replica::Implementation::tick() {
  founding_.tick();
  conclude(election_.tick());
  proposer_.expire_queue();
  if (!proposer_.tick()) resign({}, AppendErrorKind::kNoQuorum);
  // Whoever knew the rounds below the mandate may be gone, and what a majority still holds of them
  // is found by another campaign only.
  if (!catches_up() || lacking_at_ != learner_.applied()) {
    lacking_at_ = learner_.applied();
    lacking_since_ = shared_.now;
  } else if (shared_.now.since(lacking_since_) >= shared_.options.quorum_timeout) {
    SYNOD_MARK("replica.leader-lacks-rounds-for-too-long");
    resign({}, AppendErrorKind::kNoQuorum);
  }
  reads_.tick(learner_.applied());
  forget_unasked_snapshots();
}

bool Replica::Implementation::catches_up() const {
  return proposer_.leads() && learner_.applied().next() < proposer_.leads_from();
}

Timestamp Replica::Implementation::deadline() const {
  if (halted_) return Timestamp::max();
  Timestamp deadline = std::min({founding_.deadline(), election_.deadline(), proposer_.deadline(),
                                 reads_.deadline(), readmission_.deadline()});
  if (learner_.has_state() && membership_.genesis().has_value()) {
    deadline = std::min(deadline, fetcher_.deadline(learner_.applied()));
  }
  if (const auto open = reads_.stuck_below(); open.has_value() && *open > learner_.applied()) {
    deadline = std::min(deadline, ask_to_lead_at_);
  }
  if (wants_to_lead() && may_campaign()) {
    deadline = std::min(deadline, election_.may_start_at());
  }
  if (catches_up()) {
    deadline = std::min(deadline, lacking_since_.after(shared_.options.quorum_timeout));
  }
  if (must_settle() && may_campaign()) {
    deadline = std::min(deadline, shared_.now.after(shared_.options.retransmit_after));
  }
  if (seeks_admission()) deadline = std::min(deadline, readmission_.announce_at());
  if (participation_ == Participation::kPartiallyActive) {
    deadline = std::min(deadline, ask_to_lead_at_);
  }
  if (removal_.has_value()) deadline = std::min(deadline, removal_->ask_at);
  // Never in the past: what is due was looked at in this turn.
  constexpr Duration kBreath = Duration(200);
  return std::max(deadline, shared_.now.after(kBreath));
}

}  // namespace synod
