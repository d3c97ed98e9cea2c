// File: host/node_core.hpp
//
// The inside of a Node: owns runtime, storage, communicator and runner, and brings what comes from
// any thread to the strand.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include <synod/asio_runtime.hpp>
#include <synod/node_host.hpp>
#include <synod/runner.hpp>

namespace synod {

class NodeHost::Core final : public std::enable_shared_from_this<NodeHost::Core> {
 public:
  Core(const asio::any_io_executor& executor, NodeOptions options, CommunicatorFactory communicator,
       StorageFactory storage, std::unique_ptr<OutcomeKeeper> state);

  // --- On any thread ---
  void add(std::unique_ptr<Decoration> decoration);
  // From here on nothing may be added.
  void begin_start() { start_begun_ = true; }
  // Both wait in one inbox, so that they keep their order.
  void append(std::unique_ptr<PendingAppend> append);
  void run(absl::AnyInvocable<void()> work);
  // Comes once, when the handle goes, and takes its hold: the core ends on its strand.
  static void abandon(std::shared_ptr<Core> core);
  [[nodiscard]] const Strand& strand() const { return runtime_.strand(); }

  // --- On the strand ---
  void start(absl::AnyInvocable<void(absl::Status)> done);
  void read(ReadOptions options, absl::AnyInvocable<void(absl::Status)> done);
  void take_snapshot(absl::AnyInvocable<void(absl::StatusOr<SnapshotPtr>)> done);
  void install_snapshot(SnapshotPtr snapshot);
  void eject(std::string reason);
  void on_event(absl::AnyInvocable<void(const Event&)> observer);
  void shut_down(absl::AnyInvocable<void(absl::Status)> done);
  void wait_stopped(absl::AnyInvocable<void(absl::Status)> done);
  [[nodiscard]] NodeStatus status() const;
  [[nodiscard]] ReplicaView view() const;
  [[nodiscard]] std::string describe() const;

 private:
  using Item = std::variant<std::unique_ptr<PendingAppend>, absl::AnyInvocable<void()>>;
  enum class Phase : std::uint8_t { kNew, kStarting, kRunning, kStopped };

  void put(Item item);
  void drain();
  void take_up(std::unique_ptr<PendingAppend> append);
  void complete(std::unique_ptr<PendingAppend> append, const absl::StatusOr<AppendReceipt>& result);
  void deliver_later();
  void deliver();
  void fill_in(PendingAppend& append, AppendRequest& request);
  void refuse(std::unique_ptr<PendingAppend> append, AppendErrorKind kind, Fate fate,
              std::string detail);
  [[nodiscard]] RoundNum default_last_round();
  [[nodiscard]] Timestamp deadline_after(Duration timeout);

  [[nodiscard]] absl::Status build();
  [[nodiscard]] RunnerOptions runner_options() const;
  void started(absl::Status status, absl::AnyInvocable<void(absl::Status)> done);
  void show(const Event& event);
  void stopped(absl::Status status);
  void ended();

  // Constant after construction.
  NodeOptions options_;
  ClusterId cluster_;
  CommunicatorFactory make_communicator_;
  StorageFactory make_storage_;

  // Any thread.
  std::mutex mutex_;  // Guards inbox_, nothing else.
  std::vector<Item> inbox_;
  std::atomic<bool> start_begun_ = false;

  // The strand. In the order in which they need each other.
  AsioRuntime runtime_;
  std::unique_ptr<OutcomeKeeper> state_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Communicator> communicator_;
  std::vector<std::unique_ptr<Decoration>> decorations_;  // Until the start.
  std::unique_ptr<Runner> runner_;
  Prng prng_;
  Phase phase_ = Phase::kNew;
  bool shutting_down_ = false;
  bool ended_ = false;     // Nothing runs any more.
  bool reported_ = false;  // Why it stopped is known.
  absl::Status stop_reason_;
  std::vector<Item> at_hand_;
  std::vector<std::unique_ptr<PendingAppend>> completed_;  // Their handlers are to be called.
  std::size_t delivered_ = 0;                              // Of completed_.
  std::size_t waiting_ = 0;                                // Appends that the runner has.
  std::optional<Strand> at_work_;  // While there are any, the io_context has something to wait for.
  RoundNum default_last_round_;    // Of this drain; zero: not looked up yet.
  std::vector<absl::AnyInvocable<void(const Event&)>> observers_;
  std::vector<absl::AnyInvocable<void(absl::Status)>> shut_down_waiters_;
  std::vector<absl::AnyInvocable<void(absl::Status)>> stop_waiters_;
};

}  // namespace synod
