// Child processes that put load on something, and what their parent asks them for.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace synod::bench {

// Of every message, in all the systems that are compared.
inline constexpr std::size_t kMessageBytes = 256;

enum class Order : std::uint32_t {
  kLoad,    // Keep `value` requests outstanding from now on; 0: none.
  kSample,  // Tell the counters, and begin to collect latencies anew.
  kTrim,    // Give what the allocator holds and nobody uses back to the system.
  kEnd,     // End the process.
};
struct Command {
  Order order = Order::kSample;
  std::uint32_t value = 0;
};

// Counters only grow; latencies are those since the sample before.
struct Sample {
  std::int64_t at = 0;  // Nanoseconds of the monotonic clock.
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  std::uint64_t p50 = 0;  // Nanoseconds.
  std::uint64_t p99 = 0;
  std::uint64_t allocations = 0;
  std::uint64_t syncs = 0;
  std::uint64_t messages = 0;      // Sent; each receiver counts.
  std::uint64_t socket_calls = 0;  // System calls that read or wrote between nodes.
  std::uint64_t turns = 0;
};

[[nodiscard]] std::int64_t monotonic_now();

// The child's side of the connection to its parent. A child says that it is ready with one answer.
class Control {
 public:
  explicit Control(int descriptor) : descriptor_(descriptor) {}
  [[nodiscard]] int descriptor() const { return descriptor_; }
  // False where there is none at hand; blocks for one if `wait`. Obeys Order::kTrim by itself, and
  // ends the process on Order::kEnd and when the parent has gone.
  bool receive(Command& command, bool wait) const;
  void answer(const Sample& sample) const;

 private:
  int descriptor_;
};

// The parent's side.
class Process {
 public:
  static constexpr int kAnyCpu = -1;

  // Forks; `body` runs in the child, on `cpu` alone if it is given, and does not return.
  Process(int cpu, const std::function<void(Control&)>& body);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  // Blocks until the child is ready. False where it died.
  [[nodiscard]] bool wait_ready() const;
  void load(std::uint32_t outstanding) const;
  // From then on what is resident is what is used.
  void trim() const { send({Order::kTrim, 0}); }
  [[nodiscard]] Sample sample() const;
  // Processor time of all its threads so far, in nanoseconds.
  [[nodiscard]] std::int64_t processor_time() const;
  [[nodiscard]] std::uint64_t resident_bytes() const;
  [[nodiscard]] pid_t id() const { return id_; }

 private:
  void send(Command command) const;
  bool receive(Sample& sample) const;

  pid_t id_ = -1;
  int descriptor_ = -1;
};

}  // namespace synod::bench
