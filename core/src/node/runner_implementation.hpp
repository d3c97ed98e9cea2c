// File: runner_implementation.hpp
//
// The inside of a Runner. runner.cpp holds its life, runner_turn.cpp its turns,
// runner_storage.cpp writes and snapshots, runner_appends.cpp those that wait,
// runner_decorations.cpp the hooks.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <synod/check.hpp>
#include <synod/runner.hpp>

#include "node/append_waiters.hpp"
#include "node/write_queue.hpp"

namespace synod {

class Runner::Implementation {
 public:
  Implementation(RunnerOptions options, Runtime& runtime, Storage& storage,
                 Communicator& communicator, StateMachine& state, std::unique_ptr<Voter> voter,
                 std::vector<std::unique_ptr<Decoration>> decorations, Receiver& receiver);
  ~Implementation();

  void start(absl::AnyInvocable<void(absl::Status)> done);
  void append(AppendRequest request, std::size_t below);
  void append(AppendRequest request) { append(std::move(request), hooks_.size()); }
  void read(ReadRequest request);
  void run_turn();
  void receive(std::span<Received> received);
  void take_snapshot(absl::AnyInvocable<void(SnapshotPtr)> done);
  // Stepped in the next turn.
  void queue(Input input);
  void shut_down(absl::AnyInvocable<void()> done);

  [[nodiscard]] ReplicaView view() const;

  absl::AnyInvocable<void(const Event&)> observer;
  absl::AnyInvocable<void(absl::Status)> stop_observer;
  RunnerStats stats;

  [[nodiscard]] std::string describe() const;

 private:
  // What one decoration sees of the node. Its requests only queue.
  class Context final : public DecorationContext {
   public:
    Context(Implementation& runner, std::size_t place) : runner_(&runner), place_(place) {}
    Timestamp now() const override { return runner_->now_; }
    ReplicaView replica() const override { return runner_->view(); }
    Prng& prng() override { return runner_->prng_; }
    void append(AppendRequest request) override { runner_->append(std::move(request), place_); }
    void fetch(FetchRange range) override { runner_->queue(range); }
    void send(std::span<const NodeId> to, std::span<const std::byte> bytes) override;
    void eject(std::string reason) override { runner_->queue(Eject{std::move(reason)}); }

   private:
    Implementation* runner_;
    std::size_t place_;
  };
  struct Hook {
    std::unique_ptr<Decoration> decoration;
    std::unique_ptr<Context> context;
  };
  struct QueuedAppend {
    AppendRequest request;
    std::size_t below;
  };
  struct Completion {
    AppendDone done;
    absl::StatusOr<AppendReceipt> result;
  };
  struct ReadCompletion {
    absl::AnyInvocable<void(absl::Status)> done;
    absl::Status result;
  };
  struct Retry {
    Timestamp due;
    WaiterSlot slot;
    std::uint32_t generation;
  };
  struct Save {
    SnapshotPtr snapshot;
    std::vector<absl::AnyInvocable<void(SnapshotPtr)>> done;
  };
  enum class Phase : std::uint8_t {
    kNew,
    kLoading,
    kRunning,
    kStopping,  // Was told to shut down; a write may be under way.
    kFailed,    // Stopped by itself.
    kStopped,
  };

  // --- Life (runner.cpp) ---
  void loaded(absl::StatusOr<Loaded> loaded);
  void remember_identity(Recovered recovered);
  void begin(Recovered recovered);
  void start_failed(absl::Status status);
  void fail(absl::Status status);
  void begin_stopping();
  void progress_stopping();
  void end_failed();
  void stop_communicator();
  void report_stopped(absl::Status status);

  // --- Turns (runner_turn.cpp) ---
  void schedule_turn();
  // Runs `work`, and whatever it leads to, as one turn.
  template <class Work>
  void turn(Work work);
  void begin_turn();
  void run_pass();
  void refuse_requests();
  void settle();
  void finish_turn();
  void run_timers();
  void step(Input input);
  void hand_over_requests();
  void take_output();
  void send_all();
  void run_completions();
  void arm();
  void reach_members();
  [[nodiscard]] Timestamp deadline() const;
  [[nodiscard]] bool requests_wait() const;
  [[nodiscard]] bool more_to_do() const;
  [[nodiscard]] bool active() const { return phase_ == Phase::kRunning; }

  // --- Writes and snapshots (runner_storage.cpp) ---
  void start_write();
  void write_in_flight();
  void on_write_done(const absl::Status& status);
  void on_trouble(std::string why);
  void on(const SnapshotTaken& taken);
  void start_save(Save save);
  void on_saved(const absl::Status& status);
  void save_what_waits();
  void give(Save save);
  void end_snapshot_waiters();

  // --- Appends and reads (runner_appends.cpp) ---
  void accept(QueuedAppend queued);
  void accept(ReadRequest request);
  void attempt(AppendWaiter waiter);
  void step_or_share(AppendWaiter waiter);
  // True where a decoration took it.
  bool offer(AppendWaiter& waiter);
  bool offer(ReadRequest& request);
  void run_retries();
  void fail_overdue();
  void on(const Applied& applied);
  void on(const AppendFailed& failed);
  void on(const ReadReady& ready);
  void on(const ReadFailed& failed);
  void on_installed();
  void attempt_failed(WaiterSlot slot, AppendError error);
  void complete(WaiterSlot slot, AppendReceipt receipt);
  void complete(WaiterSlot slot, AppendError error);
  void complete_read(std::uint64_t ticket, absl::Status status);
  void end_waiters(AppendErrorKind kind);
  [[nodiscard]] AppendError refusal(AppendErrorKind kind) const;

  // --- Hooks (runner_decorations.cpp) ---
  void show(const Event& event);
  void obey(const Event& event);
  void deliver_note(NodeId from, const Note& note);
  void run_decoration_deadlines();
  void shut_decorations_down();

  // Constant after construction.
  RunnerOptions options_;
  Runtime& runtime_;
  Storage& storage_;
  Communicator& communicator_;
  StateMachine& state_;
  Receiver& receiver_;
  std::vector<Hook> hooks_;
  std::shared_ptr<RetryPolicy> default_retry_;

  // Life.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Completions look whether it is.
  Phase phase_ = Phase::kNew;
  std::unique_ptr<Voter> voter_;
  std::unique_ptr<Replica> replica_;
  Prng prng_;
  absl::AnyInvocable<void(absl::Status)> start_done_;
  std::vector<absl::AnyInvocable<void()>> stop_done_;
  bool stop_wanted_ = false;
  bool communicator_started_ = false;
  bool failure_told_ = false;
  bool stop_reported_ = false;
  absl::Status failure_;

  // The turn.
  Timestamp now_;
  bool busy_ = false;
  bool turn_posted_ = false;
  bool stepped_ = false;
  bool membership_may_have_changed_ = true;
  Timestamp armed_ = Timestamp::max();
  Output output_;
  std::vector<Outgoing> leaving_;
  std::vector<QueuedAppend> appends_;
  std::vector<QueuedAppend> appends_at_hand_;
  std::vector<ReadRequest> reads_;
  std::vector<Input> inputs_;
  std::vector<Completion> completions_;
  std::vector<Completion> completions_at_hand_;
  std::vector<ReadCompletion> read_completions_;
  std::vector<Member> members_;
  std::shared_ptr<const Cluster> cluster_;

  // Writes and snapshots.
  WriteQueue writes_;
  std::shared_ptr<WriteBatch> identity_batch_;
  Timestamp write_again_ = Timestamp::max();  // After a write that found no space.
  bool trouble_ = false;
  std::uint64_t bytes_since_snapshot_ = 0;
  bool snapshot_asked_ = false;
  std::vector<absl::AnyInvocable<void(SnapshotPtr)>> snapshot_waiters_;
  std::optional<Save> saving_;
  std::optional<Save> save_next_;
  Timestamp save_again_ = Timestamp::max();  // `save_next_`, after one that found no space.
  RoundNum saved_round_;

  // Those that wait.
  AppendWaiters waiters_;
  std::vector<Retry> retries_;               // A heap, the earliest on top.
  Timestamp overdue_at_ = Timestamp::max();  // No waiter's deadline is earlier.
  std::deque<absl::AnyInvocable<void(absl::Status)>> read_waiters_;  // By ticket.
  std::uint64_t first_ticket_ = 1;                                   // Of the front one.
};

template <class Work>
void Runner::Implementation::turn(Work work) {
  SYNOD_CHECK(!busy_, "A storage or a communicator must not call back inside a call of the node.");
  busy_ = true;
  begin_turn();
  work();
  settle();
  finish_turn();
  busy_ = false;
  if (requests_wait()) {
    schedule_turn();
  }
}

}  // namespace synod
