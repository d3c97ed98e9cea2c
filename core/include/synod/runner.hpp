// File: runner.hpp
//
// A replica, its decorations and its I/O: the only place that knows how to obey the one rule. It works
// in turns: every waiting input is stepped, then one output is taken; its messages leave, its records
// are written, and what waited for them goes out when they are durable.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>

#include <synod/communicator.hpp>
#include <synod/decoration.hpp>
#include <synod/replica.hpp>
#include <synod/runtime.hpp>
#include <synod/storage.hpp>

namespace synod {

struct RunnerOptions {
  ClusterId cluster;
  ReplicaOptions replica;  // `incarnation` is filled in from the storage, or minted.
  // How long an append or a read without a deadline of its own may take.
  Duration append_timeout = std::chrono::seconds(10);
  // A snapshot is taken and saved once this many bytes were appended since the last; 0: never.
  std::uint64_t snapshot_every_bytes = 64u << 20;
  // How often a write that found no space is tried again.
  Duration storage_retry = std::chrono::milliseconds(500);
};

// Counters since the start; they only grow.
struct RunnerStats {
  std::uint64_t turns = 0;
  std::uint64_t messages_sent = 0;      // Each receiver counts.
  std::uint64_t messages_received = 0;
  std::uint64_t writes = 0;             // Each is one sync.
  std::uint64_t records_written = 0;
  std::uint64_t appends = 0;
  std::uint64_t reads = 0;
};

// Everything is called on the runtime's thread. What is passed by reference outlives the runner.
class Runner final : private Receiver {
 public:
  Runner(RunnerOptions options, Runtime& runtime, Storage& storage, Communicator& communicator,
         StateMachine& state, std::unique_ptr<Voter> voter,
         std::vector<std::unique_ptr<Decoration>> decorations);
  ~Runner() override;

  // Loads, starts the communicator, tells the decorations. Called once.
  void start(absl::AnyInvocable<void(absl::Status)> done);

  // `request.done` is called exactly once, on this thread, at the end of a turn.
  void append(AppendRequest request);
  void read(ReadRequest request);
  // Ends the turn that append() and read() calls began; the runner posts one by itself where nobody
  // does, but a caller with several requests at hand saves that.
  void run_turn();

  // Takes a snapshot, saves it in the storage and hands it over; null where there is no state.
  void take_snapshot(absl::AnyInvocable<void(SnapshotPtr)> done);
  void install_snapshot(SnapshotPtr snapshot);
  void eject(std::string reason);

  // Sees every event after the decorations did.
  void on_event(absl::AnyInvocable<void(const Event&)> observer);

  // Refuses new work, ends everything that waits with kShutDown, finishes the write that is under way,
  // stops the communicator, then calls `done`; never blocks. Also after the node stopped by itself.
  void shut_down(absl::AnyInvocable<void()> done);
  // Called once with the reason, when the node stopped by itself or was shut down (Ok).
  void on_stopped(absl::AnyInvocable<void(absl::Status)> observer);

  [[nodiscard]] ReplicaView view() const;
  [[nodiscard]] const RunnerStats& stats() const;
  [[nodiscard]] std::string describe() const;

 private:
  void receive(std::span<Received> received) override;
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace synod
