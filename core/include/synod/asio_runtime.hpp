// File: asio_runtime.hpp
//
// A node's time and turns on Asio, in production.
#pragma once

#include <memory>

#include <asio/any_io_executor.hpp>
#include <asio/strand.hpp>

#include <synod/runtime.hpp>

namespace synod {

// What all work of one node runs on. Nodes may share an io_context and its threads; each has a
// strand of its own.
using Strand = asio::strand<asio::any_io_executor>;

// Runs on one strand, with one timer. Destroy it on that strand, or while nothing runs on it: that
// never blocks, and whatever was posted and has not run yet is dropped, never run.
class AsioRuntime final : public Runtime {
 public:
  // `executor` belongs to a context that outlives the runtime.
  explicit AsioRuntime(const asio::any_io_executor& executor);
  explicit AsioRuntime(Strand strand);
  ~AsioRuntime() override;
  AsioRuntime(const AsioRuntime&) = delete;
  AsioRuntime& operator=(const AsioRuntime&) = delete;

  [[nodiscard]] const Strand& strand() const;

  // CLOCK_BOOTTIME, which goes on while the machine is suspended.
  [[nodiscard]] Timestamp now() override;
  void post(absl::AnyInvocable<void()> work) override;
  // Costs a system call only for a deadline before all that were set since the last waking; a later
  // one is found out on waking.
  void wake_at(Timestamp deadline) override;
  void on_wake(absl::AnyInvocable<void()> waker) override;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace synod
