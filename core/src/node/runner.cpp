#include <synod/runner.hpp>

#include <algorithm>
#include <utility>

#include <synod/check.hpp>
#include <synod/hash.hpp>
#include <synod/retry.hpp>
#include <synod/status.hpp>

#include "node/runner_implementation.hpp"

namespace synod {
namespace {

// Keeps the runner's draws apart from those of the replica, which has the same seed.
constexpr std::uint64_t kRunnerStream = 0x52756e6e6572ull;

const IdentityRecord* identity_of(const std::vector<Record>& records) {
  return records.empty() ? nullptr : std::get_if<IdentityRecord>(&records.front());
}

}  // namespace

Runner::Implementation::Implementation(RunnerOptions options, Runtime& runtime, Storage& storage,
                                       Communicator& communicator, StateMachine& state,
                                       std::unique_ptr<Voter> voter,
                                       std::vector<std::unique_ptr<Decoration>> decorations,
                                       Receiver& receiver)
    : options_(std::move(options)),
      runtime_(runtime),
      storage_(storage),
      communicator_(communicator),
      state_(state),
      receiver_(receiver),
      default_retry_(retry_until_deadline()),
      voter_(voter != nullptr ? std::move(voter) : std::make_unique<IndiscriminateVoter>()),
      prng_(options_.replica.seed ^ kRunnerStream),
      writes_(options_.replica.limits.lazy_bytes_max) {
  for (std::unique_ptr<Decoration>& decoration : decorations) {
    hooks_.push_back({std::move(decoration), std::make_unique<Context>(*this, hooks_.size())});
  }
}

Runner::Implementation::~Implementation() { stop_communicator(); }

// --- Life ----------------------------------------------------------------------------------------

void Runner::Implementation::start(absl::AnyInvocable<void(absl::Status)> done) {
  SYNOD_CHECK(phase_ == Phase::kNew, "A runner is started once.");
  phase_ = Phase::kLoading;
  now_ = runtime_.now();
  start_done_ = std::move(done);
  runtime_.on_wake([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) {
      armed_ = Timestamp::max();
      run_turn();
    }
  });
  storage_.load([this, alive = std::weak_ptr<bool>(alive_)](absl::StatusOr<Loaded> result) {
    if (!alive.expired()) {
      loaded(std::move(result));
    }
  });
}

void Runner::Implementation::loaded(absl::StatusOr<Loaded> loaded) {
  now_ = std::max(now_, runtime_.now());
  if (!loaded.ok()) {
    start_failed(loaded.status());
    return;
  }
  Recovered recovered;
  if (loaded->memory != MemoryKind::kIntact) {
    if (!loaded->detail.empty() && observer) {
      observer(Warning{std::move(loaded->detail)});
    }
    // The clock keeps two starts of one configuration from minting the same incarnation (H1).
    prng_ = Prng(prng_.next() ^ mix(static_cast<std::uint64_t>(now_.microseconds())));
    do {
      options_.replica.incarnation = Incarnation(prng_.next());
    } while (options_.replica.incarnation == Incarnation());
    if (loaded->memory == MemoryKind::kDamaged) recovered.records.push_back(ReplacementRecord{});
    remember_identity(std::move(recovered));
    return;
  }
  const IdentityRecord* identity = identity_of(loaded->records);
  if (identity == nullptr || identity->incarnation == Incarnation()) {
    start_failed(absl::DataLossError("the storage is intact but does not say whose it is"));
    return;
  }
  options_.replica.incarnation = identity->incarnation;
  recovered.records = std::move(loaded->records);
  // A node that is restarted again and again would otherwise never take a snapshot, and its journal
  // would grow for ever.
  for (const Record& record : recovered.records) {
    if (holds_entry(record)) bytes_since_snapshot_ += size_of(record);
  }
  recovered.snapshot = std::move(loaded->snapshot);
  begin(std::move(recovered));
}

// The identity is durable before the first message leaves: a node that forgot what it called itself
// while others were founding a cluster with that name would count as dead from the start.
void Runner::Implementation::remember_identity(Recovered recovered) {
  identity_batch_ = std::make_shared<WriteBatch>();
  identity_batch_->records.push_back(IdentityRecord{options_.replica.incarnation});
  for (const Record& record : recovered.records) identity_batch_->records.push_back(record);
  auto kept = std::make_shared<Recovered>(std::move(recovered));
  auto done = [this, alive = std::weak_ptr<bool>(alive_), batch = identity_batch_,
               kept](absl::Status status) {
    if (alive.expired()) {
      return;
    }
    identity_batch_.reset();
    status.ok() ? begin(std::move(*kept)) : start_failed(std::move(status));
  };
  if (storage_.write(*identity_batch_, std::move(done)) == WriteStart::kWritten) {
    identity_batch_.reset();
    begin(std::move(*kept));
  }
}

void Runner::Implementation::start_failed(absl::Status status) {
  failure_ = status;
  phase_ = Phase::kFailed;
  turn([] {});
  if (start_done_) {
    std::exchange(start_done_, nullptr)(std::move(status));
  }
}

void Runner::Implementation::begin(Recovered recovered) {
  now_ = std::max(now_, runtime_.now());
  for (Hook& hook : hooks_) {
    voter_ = hook.decoration->wrap_voter(std::move(voter_));
    SYNOD_CHECK(voter_ != nullptr, "A decoration must give a voter back.");
  }
  saved_round_ = recovered.snapshot != nullptr ? recovered.snapshot->round : RoundNum();
  replica_ =
      std::make_unique<Replica>(options_.replica, state_, *voter_, std::move(recovered), now_);
  phase_ = Phase::kRunning;
  communicator_started_ = true;
  communicator_.start({options_.cluster, options_.replica.id, options_.replica.incarnation},
                      receiver_);
  members_ = options_.replica.founders.members;
  communicator_.reach(members_);
  busy_ = true;
  for (Hook& hook : hooks_) {
    hook.decoration->on_start(*hook.context);
  }
  busy_ = false;
  stepped_ = true;
  if (start_done_) {
    std::exchange(start_done_, nullptr)(absl::OkStatus());
  }
  run_turn();
}

// The node may not speak any more: it cannot remember what it would say, or does not know what is
// true. It stays as it is, for a look inside.
void Runner::Implementation::fail(absl::Status status) {
  if (phase_ == Phase::kFailed || phase_ == Phase::kStopped) {
    return;
  }
  phase_ = Phase::kFailed;
  failure_ = std::move(status);
}

void Runner::Implementation::shut_down(absl::AnyInvocable<void()> done) {
  if (done) {
    stop_done_.push_back(std::move(done));
  }
  stop_wanted_ = true;
  schedule_turn();
}

void Runner::Implementation::begin_stopping() {
  phase_ = Phase::kStopping;
  step(ShutDown{});
  take_output();
  shut_decorations_down();
  end_waiters(AppendErrorKind::kShutDown);
  writes_.want_all();
}

// Ends whatever waits, once, in the turn in which the node failed.
void Runner::Implementation::end_failed() {
  if (phase_ != Phase::kFailed || std::exchange(failure_told_, true)) {
    return;
  }
  if (replica_ != nullptr) {
    shut_decorations_down();
  }
  end_waiters(AppendErrorKind::kStorage);
  report_stopped(failure_);
}

void Runner::Implementation::progress_stopping() {
  end_failed();
  if (phase_ == Phase::kStopping && (trouble_ || writes_.idle()) && !saving_.has_value()) {
    phase_ = Phase::kStopped;
    report_stopped(absl::OkStatus());
  }
  if (phase_ == Phase::kNew && stop_wanted_) {
    phase_ = Phase::kStopped;
  }
  if (phase_ == Phase::kFailed || phase_ == Phase::kStopped) {
    end_snapshot_waiters();
    leaving_.clear();
  }
  if (stop_wanted_ && (phase_ == Phase::kFailed || phase_ == Phase::kStopped)) {
    stop_communicator();
    for (auto& done : std::exchange(stop_done_, {})) {
      runtime_.post([done = std::move(done)]() mutable { done(); });
    }
  }
}

void Runner::Implementation::stop_communicator() {
  if (std::exchange(communicator_started_, false)) {
    communicator_.stop();
  }
}

void Runner::Implementation::report_stopped(absl::Status status) {
  if (!std::exchange(stop_reported_, true) && stop_observer) {
    runtime_.post([observe = std::move(stop_observer), status = std::move(status)]() mutable {
      observe(std::move(status));
    });
  }
}

// --- The outside ---------------------------------------------------------------------------------

Runner::Runner(RunnerOptions options, Runtime& runtime, Storage& storage,
               Communicator& communicator, StateMachine& state, std::unique_ptr<Voter> voter,
               std::vector<std::unique_ptr<Decoration>> decorations)
    : implementation_(std::make_unique<Implementation>(
          std::move(options), runtime, storage, communicator, state, std::move(voter),
          std::move(decorations), static_cast<Receiver&>(*this))) {}

Runner::~Runner() = default;

void Runner::start(absl::AnyInvocable<void(absl::Status)> done) {
  implementation_->start(std::move(done));
}
void Runner::append(AppendRequest request) { implementation_->append(std::move(request)); }
void Runner::read(ReadRequest request) { implementation_->read(std::move(request)); }
void Runner::run_turn() { implementation_->run_turn(); }
void Runner::receive(std::span<Received> received) { implementation_->receive(received); }
void Runner::take_snapshot(absl::AnyInvocable<void(SnapshotPtr)> done) {
  implementation_->take_snapshot(std::move(done));
}
void Runner::install_snapshot(SnapshotPtr snapshot) {
  implementation_->queue(InstallSnapshot{std::move(snapshot)});
}
void Runner::eject(std::string reason) { implementation_->queue(Eject{std::move(reason)}); }
void Runner::on_event(absl::AnyInvocable<void(const Event&)> observer) {
  implementation_->observer = std::move(observer);
}
void Runner::shut_down(absl::AnyInvocable<void()> done) {
  implementation_->shut_down(std::move(done));
}
void Runner::on_stopped(absl::AnyInvocable<void(absl::Status)> observer) {
  implementation_->stop_observer = std::move(observer);
}
ReplicaView Runner::view() const { return implementation_->view(); }
const RunnerStats& Runner::stats() const { return implementation_->stats; }
std::string Runner::describe() const { return implementation_->describe(); }

}  // namespace synod
