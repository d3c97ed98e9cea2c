// File: runtime.hpp
//
// Time and turns, as a node needs them: what Asio gives in production and the simulator in tests.
#pragma once

#include <absl/functional/any_invocable.h>

#include <synod/types.hpp>

namespace synod {

// All work of one node runs on its runtime's thread of execution, one piece at a time (a strand).
class Runtime {
 public:
  virtual ~Runtime() = default;

  // Monotonic, and counts while the machine is suspended. Callable from the node's thread only.
  [[nodiscard]] virtual Timestamp now() = 0;
  // Runs `work` on the node's thread, later, never inside this call. Callable from any thread.
  virtual void post(absl::AnyInvocable<void()> work) = 0;
  // Calls the waker set by on_wake() on the node's thread at `deadline` or soon after; replaces the
  // deadline before. max() is none. A waking too early is harmless.
  virtual void wake_at(Timestamp deadline) = 0;
  // Must be set once, before the first wake_at().
  virtual void on_wake(absl::AnyInvocable<void()> waker) = 0;
};

}  // namespace synod
