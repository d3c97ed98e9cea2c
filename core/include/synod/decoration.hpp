// File: decoration.hpp
//
// A component that watches a node and acts through it: heartbeats, delegation, catch-up and the like.
// Decorations form a list, in the order in which they were added; docs/how-to/decoration.md writes one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <synod/append.hpp>
#include <synod/entry.hpp>
#include <synod/event.hpp>
#include <synod/prng.hpp>
#include <synod/replica.hpp>
#include <synod/runtime.hpp>
#include <synod/types.hpp>
#include <synod/voter.hpp>

namespace synod {

// What became of an append: the entry took effect in `round`.
struct AppendReceipt {
  RoundNum round;
  CoordNum coord;
  bool repeat = false;  // It did so before, through another append.
};
using AppendDone = absl::AnyInvocable<void(absl::StatusOr<AppendReceipt>)>;

// Decides whether a failed attempt is made again. Asked only about errors that a retry can cure.
class RetryPolicy {
 public:
  virtual ~RetryPolicy() = default;
  // How long to wait before the next attempt, or a negative duration to give up. `attempts` were
  // made so far, the first included.
  virtual Duration pause(const AppendError& error, std::uint32_t attempts, Prng& prng) = 0;
};

struct AppendRequest {
  Entry entry;
  Importance importance = Importance::kGainLeadership;
  RoundRange rounds = {};
  Timestamp deadline = Timestamp::max();
  NodeId on_behalf_of = NodeId(0);
  bool id_minted_here = true;           // This very append made the id (H13).
  std::shared_ptr<RetryPolicy> retry;   // Null: until the deadline, with back-off.
  AppendDone done;                      // May be empty.
};

struct ReadRequest {
  Timestamp deadline = Timestamp::max();
  absl::AnyInvocable<void(absl::Status)> done;  // Ok: read the state now.
};

enum class AppendVerdict : std::uint8_t { kProceed, kTaken };
enum class ReadVerdict : std::uint8_t { kProceed, kServeNow, kTaken };

// What a decoration may see and ask for. Requests are queued and run after the hook has returned, so a
// decoration is never called from inside its own request.
class DecorationContext {
 public:
  virtual ~DecorationContext() = default;
  [[nodiscard]] virtual Timestamp now() const = 0;
  [[nodiscard]] virtual ReplicaView replica() const = 0;
  [[nodiscard]] virtual Prng& prng() = 0;
  // Appends as if from outside, but offered only to the decorations that were added before this one.
  virtual void append(AppendRequest request) = 0;
  virtual void fetch(FetchRange range) = 0;
  // A datagram to this decoration on other nodes.
  virtual void send(std::span<const NodeId> to, std::span<const std::byte> bytes) = 0;
  virtual void eject(std::string reason) = 0;
};

// All hooks run on the node's thread, one at a time.
class Decoration {
 public:
  virtual ~Decoration() = default;
  // The name of its messages; the same on all nodes, different from every other decoration's.
  [[nodiscard]] virtual std::string_view name() const = 0;
  virtual void on_start(DecorationContext& /*context*/) {}
  // First to last.
  virtual void on_event(DecorationContext& /*context*/, const Event& /*event*/) {}
  virtual void on_message(DecorationContext& /*context*/, NodeId /*from*/,
                          std::span<const std::byte> /*bytes*/) {}
  // When on_deadline() is wanted; asked after every hook.
  [[nodiscard]] virtual Timestamp deadline() const { return Timestamp::max(); }
  virtual void on_deadline(DecorationContext& /*context*/) {}
  // Last to first, for every attempt. kTaken: the decoration moved the request's `done` away and will
  // call it exactly once, also when the node shuts down (see on_shut_down).
  virtual AppendVerdict on_append(DecorationContext& /*context*/, AppendRequest& /*request*/) {
    return AppendVerdict::kProceed;
  }
  virtual ReadVerdict on_read(DecorationContext& /*context*/, ReadRequest& /*request*/) {
    return ReadVerdict::kProceed;
  }
  // First to last: the first decoration's voter is the innermost but the user's.
  virtual std::unique_ptr<Voter> wrap_voter(std::unique_ptr<Voter> voter) { return voter; }
  // The node stops: end whatever was taken.
  virtual void on_shut_down(DecorationContext& /*context*/) {}
};

}  // namespace synod
