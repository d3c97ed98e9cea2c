#include "host/node_core.hpp"

#include <algorithm>
#include <exception>
#include <random>
#include <utility>

#include <asio/execution/outstanding_work.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>

#include <synod/check.hpp>
#include <synod/status.hpp>

#include "host/node_reach.hpp"

namespace synod {
namespace {

// A turn ends after so many appends although more are at hand: the followers work on what it sent
// while the next is made. One long turn would make leader and followers take turns.
constexpr std::size_t kTurnAppends = 128;

std::uint64_t system_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) ^ device();
}

std::string refusal_of(const NodeOptions& options) {
  if (options.id == NodeId()) {
    return "NodeOptions::id is missing";
  }
  if (options.cluster.empty()) {
    return "NodeOptions::cluster, the cluster's name, is missing";
  }
  if (options.members.empty()) {
    return {};
  }
  return refusal(Cluster{options.members, options.policy}, options.limits.members_max);
}

AppendError error_of(AppendErrorKind kind, Fate fate, std::string detail) {
  AppendError error;
  error.kind = kind;
  error.fate = fate;
  error.detail = std::move(detail);
  return error;
}

}  // namespace

NodeHost::Core::Core(const asio::any_io_executor& executor, NodeOptions options,
                     CommunicatorFactory communicator, StorageFactory storage,
                     std::unique_ptr<OutcomeKeeper> state)
    : options_(std::move(options)),
      cluster_(ClusterId::of(options_.cluster)),
      make_communicator_(std::move(communicator)),
      make_storage_(std::move(storage)),
      runtime_(executor),
      state_(std::move(state)),
      prng_(options_.seed != 0 ? options_.seed : system_seed()) {}

void NodeHost::Core::add(std::unique_ptr<Decoration> decoration) {
  SYNOD_CHECK(!start_begun_, "Decorations are added before the node starts.");
  decorations_.push_back(std::move(decoration));
}

// --- The inbox -----------------------------------------------------------------------------------

void NodeHost::Core::append(std::unique_ptr<PendingAppend> append) { put(std::move(append)); }
void NodeHost::Core::run(absl::AnyInvocable<void()> work) { put(std::move(work)); }

void NodeHost::Core::put(Item item) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = inbox_.empty();
    inbox_.push_back(std::move(item));
  }
  if (first) {
    asio::post(strand(), [self = shared_from_this()] { self->drain(); });
  }
}

void NodeHost::Core::drain() {
  {
    const std::lock_guard lock(mutex_);
    std::swap(inbox_, at_hand_);
  }
  default_last_round_ = RoundNum();
  std::size_t appends = 0;
  for (Item& item : at_hand_) {
    if (auto* append = std::get_if<std::unique_ptr<PendingAppend>>(&item)) {
      take_up(std::move(*append));
      if (++appends % kTurnAppends == 0 && phase_ == Phase::kRunning) runner_->run_turn();
    } else {
      std::get<absl::AnyInvocable<void()>>(item)();
    }
  }
  at_hand_.clear();
  if (phase_ == Phase::kRunning) {
    runner_->run_turn();
  }
}

void NodeHost::Core::take_up(std::unique_ptr<PendingAppend> append) {
  if (!append->refusal.ok()) {
    const absl::Status refusal = append->refusal;
    return complete(std::move(append), refusal);
  }
  if (phase_ == Phase::kNew) {
    return refuse(std::move(append), AppendErrorKind::kDisoriented, Fate::kDidNotHappen,
                  "the node has not been started");
  }
  if (runner_ == nullptr || shutting_down_) {
    return refuse(std::move(append), AppendErrorKind::kShutDown, Fate::kNever,
                  "the node has stopped");
  }
  AppendRequest request;
  fill_in(*append, request);
  append->expected = true;
  state_->expect(append->entry.id);
  if (++waiting_ == 1) at_work_ = asio::prefer(strand(), asio::execution::outstanding_work.tracked);
  request.done = [this,
                  append = std::move(append)](const absl::StatusOr<AppendReceipt>& result) mutable {
    complete(std::move(append), result);
    if (--waiting_ == 0) at_work_.reset();
  };
  runner_->append(std::move(request));
}

// --- Handlers ------------------------------------------------------------------------------------

void NodeHost::Core::complete(std::unique_ptr<PendingAppend> append,
                              const absl::StatusOr<AppendReceipt>& result) {
  if (append->complete(result) == Completion::kPosted) return;
  completed_.push_back(std::move(append));
  if (completed_.size() == 1) deliver_later();
}

void NodeHost::Core::deliver_later() {
  asio::post(strand(), [self = shared_from_this()] { self->deliver(); });
}

// One post for all that a turn completed. A handler that throws ends this call, as it ends the
// io_context's run(); those after it are called by the next.
void NodeHost::Core::deliver() {
  while (delivered_ < completed_.size()) {
    const std::unique_ptr<PendingAppend> append = std::move(completed_[delivered_++]);
    try {
      append->deliver();
    } catch (...) {
      deliver_later();
      throw;
    }
  }
  completed_.clear();
  delivered_ = 0;
}

void NodeHost::Core::fill_in(PendingAppend& append, AppendRequest& request) {
  const AppendOptions& options = append.options;
  request.id_minted_here = options.id_minted_here;
  if (append.entry.id.is_nil()) {
    append.entry.id = prng_.entry_id();
    request.id_minted_here = true;
  }
  // Exactly once: the copies of this append end before the cluster forgets the id (H13).
  append.entry.last_round = request.id_minted_here && options.last_round == RoundNum::max()
                                ? default_last_round()
                                : options.last_round;
  request.entry = std::move(append.entry);  // The id, which is plain bits, is still there.
  request.importance = options.importance;
  request.rounds = options.rounds;
  request.deadline = deadline_after(options.timeout);
  request.retry = options.retry;
}

void NodeHost::Core::refuse(std::unique_ptr<PendingAppend> append, AppendErrorKind kind, Fate fate,
                            std::string detail) {
  complete(std::move(append), to_status(error_of(kind, fate, std::move(detail))));
}

RoundNum NodeHost::Core::default_last_round() {
  if (default_last_round_ == RoundNum()) {
    const ReplicaView view = runner_->view();
    const std::uint64_t remembered =
        view.genesis != nullptr ? view.genesis->remembered_rounds : options_.remembered_rounds;
    default_last_round_ = view.applied.plus(std::max<std::uint64_t>(remembered / 2, 1));
  }
  return default_last_round_;
}

Timestamp NodeHost::Core::deadline_after(Duration timeout) {
  // The runner knows the usual time-out, and what time it is.
  return timeout > Duration::zero() ? runtime_.now().after(timeout) : Timestamp::max();
}

// --- Life ----------------------------------------------------------------------------------------

void NodeHost::Core::start(absl::AnyInvocable<void(absl::Status)> done) {
  if (phase_ != Phase::kNew || shutting_down_) {
    return done(absl::FailedPreconditionError("a node is started once"));
  }
  phase_ = Phase::kStarting;
  const absl::Status built = build();
  if (!built.ok()) {
    runner_.reset();
    phase_ = Phase::kStopped;
    stopped(built);
    return done(built);
  }
  phase_ = Phase::kRunning;
  runner_->start([this, done = std::move(done)](absl::Status status) mutable {
    started(std::move(status), std::move(done));
  });
}

absl::Status NodeHost::Core::build() {
  if (const std::string why = refusal_of(options_); !why.empty()) {
    return absl::InvalidArgumentError(why);
  }
  const HostContext context{strand(), runtime_, options_.id, cluster_, options_.limits};
  auto communicator = make_communicator_(context);
  if (!communicator.ok()) {
    return communicator.status();
  }
  auto storage = make_storage_(context);
  if (!storage.ok()) {
    return storage.status();
  }
  storage_ = *std::move(storage);
  communicator_ = options_.peers.empty() ? *std::move(communicator)
                                         : reach_also(options_.peers, *std::move(communicator));
  runner_ = std::make_unique<Runner>(runner_options(), runtime_, *storage_, *communicator_, *state_,
                                     std::move(options_.voter), std::move(decorations_));
  runner_->on_event([this](const Event& event) { show(event); });
  runner_->on_stopped([this](absl::Status status) { stopped(std::move(status)); });
  return absl::OkStatus();
}

RunnerOptions NodeHost::Core::runner_options() const {
  RunnerOptions runner;
  runner.cluster = cluster_;
  runner.append_timeout = options_.append_timeout;
  runner.snapshot_every_bytes = options_.snapshot_every_bytes;
  runner.storage_retry = options_.storage_retry;
  ReplicaOptions& replica = runner.replica;
  replica.id = options_.id;
  replica.founders = {options_.members, options_.policy};
  for (const Member& peer : options_.peers) {
    replica.peers.push_back(peer.id);
  }
  replica.found_alone = options_.found_alone;
  replica.founding = options_.founding;
  replica.remembered_rounds = options_.remembered_rounds;
  // Two nodes, or two starts of one, must not draw the same incarnation.
  replica.seed = options_.seed != 0 ? options_.seed : system_seed();
  replica.limits = options_.limits;
  replica.retransmit_after = options_.retransmit_after;
  replica.campaign_timeout = options_.campaign_timeout;
  replica.back_off = options_.back_off;
  replica.commit_delay = options_.commit_delay;
  replica.idle_interval = options_.idle_interval;
  replica.stickiness = options_.stickiness;
  replica.quorum_timeout = options_.quorum_timeout;
  replica.lazy_after = options_.lazy_after;
  replica.acceptances_to_learners = options_.acceptances_to_learners;
  return runner;
}

void NodeHost::Core::started(absl::Status status, absl::AnyInvocable<void(absl::Status)> done) {
  if (!status.ok()) {
    stopped(status);
  }
  done(std::move(status));
}

void NodeHost::Core::stopped(absl::Status status) {
  if (std::exchange(reported_, true)) {
    return;
  }
  stop_reason_ = std::move(status);
  for (auto& waiter : std::exchange(stop_waiters_, {})) {
    waiter(stop_reason_);
  }
}

void NodeHost::Core::wait_stopped(absl::AnyInvocable<void(absl::Status)> done) {
  if (reported_) {
    return done(stop_reason_);
  }
  stop_waiters_.push_back(std::move(done));
}

void NodeHost::Core::shut_down(absl::AnyInvocable<void(absl::Status)> done) {
  if (ended_) {
    return done(absl::OkStatus());
  }
  shut_down_waiters_.push_back(std::move(done));
  if (std::exchange(shutting_down_, true)) {
    return;
  }
  if (runner_ == nullptr) {
    return ended();
  }
  runner_->shut_down([self = shared_from_this()] { self->ended(); });
}

void NodeHost::Core::ended() {
  ended_ = true;
  phase_ = Phase::kStopped;
  stopped(absl::OkStatus());
  for (auto& waiter : std::exchange(shut_down_waiters_, {})) {
    waiter(absl::OkStatus());
  }
}

// Whatever is put off holds the core, and no caller does any more, so that the last hold is let go on
// the strand. Not through the inbox, which the core would then hold itself by if the context went
// before it ran this.
void NodeHost::Core::abandon(std::shared_ptr<Core> core) {
  const Strand strand = core->strand();
  asio::post(strand, [core = std::move(core)] {
    core->drain();
    core->shut_down([](absl::Status) {});
  });
}

// --- Requests ------------------------------------------------------------------------------------

void NodeHost::Core::read(ReadOptions options, absl::AnyInvocable<void(absl::Status)> done) {
  if (runner_ == nullptr || shutting_down_) {
    const bool stopped = phase_ != Phase::kNew;
    return done(to_status(
        error_of(stopped ? AppendErrorKind::kShutDown : AppendErrorKind::kDisoriented, Fate::kNever,
                 stopped ? "the node has stopped" : "the node has not been started")));
  }
  if (options.consistency == Consistency::kStale) {
    return done(absl::OkStatus());
  }
  ReadRequest request;
  request.deadline = deadline_after(options.timeout);
  request.done = std::move(done);
  runner_->read(std::move(request));
}

void NodeHost::Core::take_snapshot(absl::AnyInvocable<void(absl::StatusOr<SnapshotPtr>)> done) {
  if (phase_ != Phase::kRunning || shutting_down_) {
    return done(absl::FailedPreconditionError("the node does not run"));
  }
  runner_->take_snapshot([done = std::move(done)](SnapshotPtr snapshot) mutable {
    if (snapshot == nullptr) {
      return done(absl::FailedPreconditionError("there is no state, or it cannot be saved"));
    }
    done(std::move(snapshot));
  });
}

void NodeHost::Core::install_snapshot(SnapshotPtr snapshot) {
  if (runner_ != nullptr && snapshot != nullptr) {
    runner_->install_snapshot(std::move(snapshot));
    runner_->run_turn();  // A stale read that was asked for after it comes after it.
  }
}

void NodeHost::Core::eject(std::string reason) {
  if (runner_ != nullptr) {
    runner_->eject(std::move(reason));
    runner_->run_turn();
  }
}

void NodeHost::Core::on_event(absl::AnyInvocable<void(const Event&)> observer) {
  observers_.push_back(std::move(observer));
}

// An observer is the user's, and must not end the node: it hears no more after it threw.
void NodeHost::Core::show(const Event& event) {
  for (auto& observer : observers_) {
    try {
      if (observer) {
        observer(event);
      }
    } catch (...) {
      observer = nullptr;
    }
  }
}

// --- Looking inside ------------------------------------------------------------------------------

ReplicaView NodeHost::Core::view() const {
  if (runner_ != nullptr) {
    return runner_->view();
  }
  ReplicaView view;
  view.id = options_.id;
  return view;
}

NodeStatus NodeHost::Core::status() const {
  const ReplicaView view = this->view();
  NodeStatus status;
  status.id = view.id;
  status.incarnation = view.incarnation;
  status.standing = view.standing;
  status.participation = view.participation;
  status.passive_reason = view.passive_reason;
  status.participation_detail = view.participation_detail;
  status.applied = view.applied;
  status.durably_applied = view.durably_applied;
  status.highest_seen = view.highest_seen;
  status.promised = view.promised;
  status.mandate = view.mandate;
  status.concurrency = view.concurrency;
  status.queued_appends = view.queued_appends;
  status.rounds_in_flight = view.rounds_in_flight;
  status.cluster = view.cluster;
  status.further_losses = view.further_losses;
  status.log_digest = view.log_digest;
  status.state_digest = state_->digest();
  status.storage_bytes = storage_ != nullptr ? storage_->size() : 0;
  status.stats = runner_ != nullptr ? runner_->stats() : RunnerStats{};
  status.running = phase_ == Phase::kRunning && !reported_;
  status.stopped = std::string(stop_reason_.message());
  return status;
}

std::string NodeHost::Core::describe() const {
  return runner_ != nullptr ? runner_->describe() : "not started\n";
}

}  // namespace synod
