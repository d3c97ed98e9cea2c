// File: node.hpp
//
// A node of a cluster: the application's state, kept in step with its copies on other machines.
//
//   asio::io_context io;
//   synod::NodeOptions options{.id = synod::NodeId(1), .cluster = "calc", .members = members};
//   synod::Node<Calculator> node(io, std::move(options), synod::tcp("127.0.0.1:7101"),
//                                synod::journal("data/1"));
//   auto& leadership = node.decorate<synod::TrackLeadership>();
//   absl::Status started = co_await node.async_start(asio::use_awaitable);
//   absl::StatusOr<Result> sum = co_await node.async_append(add(2.0), asio::use_awaitable);
//
// Every async_* call takes an Asio completion token (callback, future, coroutine) and completes
// once, on the executor of its handler, never inside the call. While it waits it counts as work of
// that executor. All calls may come from any thread, unless they say otherwise.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <asio/async_result.hpp>
#include <asio/execution_context.hpp>

#include <synod/bound_handler.hpp>
#include <synod/node_host.hpp>
#include <synod/state.hpp>
#include <synod/state_adapter.hpp>
#include <synod/typed_append.hpp>

namespace synod {

// What T::Options is, for a decoration that has options.
template <class T>
concept HasOptions = requires {
  typename T::Options;
};

// Destroying a node never blocks: it shuts down behind the caller's back, and whatever waits ends
// with kShutDown (append_error(status) tells). The execution context must outlive the node, and
// must run until it has nothing left to do for that to happen.
template <class S>
class Node {
  static_assert(check_state<S>());

 public:
  using Entry = typename S::Entry;
  using Outcome = typename S::Outcome;

  // Runs on `executor`, on a strand of its own. `state` is the state before the first entry: the
  // same on every node.
  template <class Executor>
  requires std::convertible_to<Executor, asio::any_io_executor> Node(
      const Executor& executor, NodeOptions options, CommunicatorFactory communicator,
      StorageFactory storage, std::unique_ptr<S> state = std::make_unique<S>())
      : Node(Made{}, std::make_unique<StateAdapter<S>>(std::move(state)), executor,
             std::move(options), std::move(communicator), std::move(storage)) {}
  // The same, on the executor of an io_context or a thread_pool.
  template <std::derived_from<asio::execution_context> Context>
  Node(Context& context, NodeOptions options, CommunicatorFactory communicator,
       StorageFactory storage, std::unique_ptr<S> state = std::make_unique<S>())
      : Node(context.get_executor(), std::move(options), std::move(communicator),
             std::move(storage), std::move(state)) {}
  Node(Node&&) noexcept = default;
  Node& operator=(Node&&) noexcept = default;

  // --- Before the start --------------------------------------------------------------------------
  // Decorating later is a broken invariant: SYNOD_CHECK.

  // Adds a decoration after those that are there. The reference lives as long as the node; it may
  // be given to later decorate() calls, and is otherwise used only on get_executor().
  template <HasOptions T, class... Args>
  T& decorate(typename T::Options options = {}, Args&&... args) {
    return add(std::make_unique<T>(std::move(options), std::forward<Args>(args)...));
  }
  template <class T, class... Args>
  requires(!HasOptions<T>) T& decorate(Args&&... args) {
    return add(std::make_unique<T>(std::forward<Args>(args)...));
  }
  // `observer(const AppliedEffect<S>&)` is called on the node's strand for every entry that the
  // state applies, also for those that a start replays from the journal. Must be quick.
  template <class Observer>
  void on_applied(Observer observer) {
    node_calls::run(host_.core(), [adapter = adapter_, observer = std::move(observer)]() mutable {
      adapter->on_applied(std::move(observer));
    });
  }
  // `observer(const Event&)` is called on the node's strand for every event, after the decorations.
  void on_event(absl::AnyInvocable<void(const Event&)> observer) {
    host_.on_event(std::move(observer));
  }

  // --- Life --------------------------------------------------------------------------------------

  // Binds, locks and loads, each of which can fail: void(absl::Status).
  template <class Token>
  auto async_start(Token&& token) {
    return begin<absl::Status>(std::forward<Token>(token), [](const NodeCorePtr& core, auto done) {
      node_calls::start(core, std::move(done));
    });
  }
  // Ends what waits, finishes the write that is under way, lets the port go: void(absl::Status), Ok
  // once nothing runs any more.
  template <class Token>
  auto async_shut_down(Token&& token) {
    return begin<absl::Status>(std::forward<Token>(token), [](const NodeCorePtr& core, auto done) {
      node_calls::shut_down(core, std::move(done));
    });
  }
  // void(absl::Status): when the node has stopped. Ok after a shutting down, else why.
  template <class Token>
  auto async_wait_stopped(Token&& token) {
    return begin<absl::Status>(std::forward<Token>(token), [](const NodeCorePtr& core, auto done) {
      node_calls::wait_stopped(core, std::move(done));
    });
  }

  // --- Appending and reading ---------------------------------------------------------------------

  // Appends an entry, void(absl::StatusOr<Outcome>), or a typed command, void(absl::StatusOr<its
  // Result>). append_error(status) says what is known of the fate of one that failed.
  template <class Request, class Token>
  requires Appendable<Request, S>
  auto async_append(Request request, AppendOptions options, Token&& token) {
    using Result = absl::StatusOr<AppendResult<Request, S>>;
    return asio::async_initiate<Token, void(Result)>(
        [](auto handler, NodeCorePtr core, StateAdapter<S>* adapter, Request what,
           AppendOptions how) {
          begin_append(core, *adapter, std::move(what), std::move(how), std::move(handler));
        },
        token, host_.core(), adapter_, std::move(request), std::move(options));
  }
  template <class Request, class Token>
  requires Appendable<Request, S>
  auto async_append(Request request, Token&& token) {
    return async_append(std::move(request), AppendOptions(), std::forward<Token>(token));
  }

  // Calls `function(const S&)` on the node's strand once the state is as new as `options` ask, and
  // hands on what it returns: void(absl::StatusOr<that>).
  template <class Function, class Token>
  requires std::invocable<Function&, const S&>
  auto async_read(ReadOptions options, Function function, Token&& token) {
    using Result = absl::StatusOr<std::decay_t<std::invoke_result_t<Function&, const S&>>>;
    return asio::async_initiate<Token, void(Result)>(
        [](auto handler, NodeCorePtr core, StateAdapter<S>* adapter, ReadOptions how,
           Function what) { begin_read(core, *adapter, how, std::move(what), std::move(handler)); },
        token, host_.core(), adapter_, options, std::move(function));
  }

  // --- Snapshots and looking inside --------------------------------------------------------------

  // void(absl::StatusOr<SnapshotPtr>): of what is applied now; it is saved in the storage, too.
  template <class Token>
  auto async_take_snapshot(Token&& token) {
    return begin<absl::StatusOr<SnapshotPtr>>(std::forward<Token>(token),
                                              [](const NodeCorePtr& core, auto done) {
                                                node_calls::take_snapshot(core, std::move(done));
                                              });
  }
  // Installs a snapshot that this or another node of the cluster took, if it is newer.
  void install_snapshot(SnapshotPtr snapshot) { host_.install_snapshot(std::move(snapshot)); }
  // Drops the state, as a failing apply does; a snapshot brings it back.
  void eject(std::string reason) { host_.eject(std::move(reason)); }
  // void(NodeStatus).
  template <class Token>
  auto async_status(Token&& token) {
    return begin<NodeStatus>(std::forward<Token>(token), [](const NodeCorePtr& core, auto done) {
      node_calls::status(core, std::move(done));
    });
  }
  // Only on get_executor().
  [[nodiscard]] ReplicaView view() const { return host_.view(); }
  [[nodiscard]] std::string describe() const { return host_.describe(); }

  // The strand that everything of this node runs on.
  [[nodiscard]] asio::any_io_executor get_executor() const { return host_.get_executor(); }

 private:
  struct Made {};

  Node(Made, std::unique_ptr<StateAdapter<S>> adapter, const asio::any_io_executor& executor,
       NodeOptions options, CommunicatorFactory communicator, StorageFactory storage)
      : adapter_(adapter.get()),
        host_(executor, std::move(options), std::move(communicator), std::move(storage),
              std::move(adapter)) {}

  template <class T>
  T& add(std::unique_ptr<T> decoration) {
    T& reference = *decoration;
    host_.add(std::move(decoration));
    return reference;
  }

  template <class Result, class Token, class Begin>
  auto begin(Token&& token, Begin start) {
    return asio::async_initiate<Token, void(Result)>(
        [start](auto handler, const NodeCorePtr& core) {
          start(core, bind_handler<Result>(std::move(handler), node_calls::executor_of(core)));
        },
        token, host_.core());
  }

  StateAdapter<S>* adapter_;  // The core's.
  NodeHost host_;
};

}  // namespace synod
