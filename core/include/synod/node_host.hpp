// File: node_host.hpp
//
// Everything of a Node that does not depend on the type of its state, so that it is compiled once.
// Not for applications: they use synod/node.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <asio/any_io_executor.hpp>

#include <synod/append_options.hpp>
#include <synod/bound_handler.hpp>
#include <synod/decoration.hpp>
#include <synod/entry.hpp>
#include <synod/node_options.hpp>
#include <synod/outcome_keeper.hpp>
#include <synod/snapshot.hpp>

namespace synod {

enum class Consistency : std::uint8_t {
  kStale,         // What this node has applied, at once.
  kLinearizable,  // At least everything that was acknowledged anywhere before the read began.
};
inline constexpr Consistency kStale = Consistency::kStale;
inline constexpr Consistency kLinearizable = Consistency::kLinearizable;

struct ReadOptions {
  ReadOptions(Consistency how = kLinearizable) : consistency(how) {}  // NOLINT: meant to convert.

  Consistency consistency;
  Duration timeout = Duration::zero();  // Zero: NodeOptions::append_timeout.
};

// One append on its way through the inbox. Made on any thread, completed on the node's.
class PendingAppend {
 public:
  virtual ~PendingAppend() = default;
  // Turns the receipt into what the handler is to hear. kHeld: deliver() is to be called, on the
  // node's strand and not from within the turn.
  virtual Completion complete(const absl::StatusOr<AppendReceipt>& result) = 0;
  virtual void deliver() {}

  Entry entry;
  AppendOptions options;
  absl::Status refusal;   // Why it cannot be appended at all; Ok where it can.
  bool expected = false;  // The state was told to expect the outcome.
};

// Owns a running node; a cheap handle to it. Callable from any thread; everything that it is given
// to call is called on the node's strand, exactly once.
class NodeHost {
 public:
  NodeHost(const asio::any_io_executor& executor, NodeOptions options,
           CommunicatorFactory communicator, StorageFactory storage,
           std::unique_ptr<OutcomeKeeper> state);
  // Shuts down and returns at once; the node lives until that is done.
  ~NodeHost();
  NodeHost(NodeHost&&) noexcept;
  NodeHost& operator=(NodeHost&&) noexcept;

  // What outlives the handle: an operation that has not begun yet holds it.
  class Core;
  [[nodiscard]] const std::shared_ptr<Core>& core() const { return core_; }

  // Requires: not started yet.
  void add(std::unique_ptr<Decoration> decoration);
  void install_snapshot(SnapshotPtr snapshot);
  void eject(std::string reason);
  void on_event(absl::AnyInvocable<void(const Event&)> observer);
  [[nodiscard]] asio::any_io_executor get_executor() const;
  // On the strand alone.
  [[nodiscard]] ReplicaView view() const;
  [[nodiscard]] std::string describe() const;

 private:
  std::shared_ptr<Core> core_;
};

using NodeCorePtr = std::shared_ptr<NodeHost::Core>;

// What a Node's asynchronous calls begin.
namespace node_calls {

[[nodiscard]] asio::any_io_executor executor_of(const NodeCorePtr& core);
void start(const NodeCorePtr& core, absl::AnyInvocable<void(absl::Status)> done);
void append(const NodeCorePtr& core, std::unique_ptr<PendingAppend> append);
void read(const NodeCorePtr& core, ReadOptions options,
          absl::AnyInvocable<void(absl::Status)> done);
void take_snapshot(const NodeCorePtr& core,
                   absl::AnyInvocable<void(absl::StatusOr<SnapshotPtr>)> done);
void status(const NodeCorePtr& core, absl::AnyInvocable<void(NodeStatus)> done);
void shut_down(const NodeCorePtr& core, absl::AnyInvocable<void(absl::Status)> done);
void wait_stopped(const NodeCorePtr& core, absl::AnyInvocable<void(absl::Status)> done);
// Runs `work` on the strand, after everything that was asked for before.
void run(const NodeCorePtr& core, absl::AnyInvocable<void()> work);

}  // namespace node_calls
}  // namespace synod
