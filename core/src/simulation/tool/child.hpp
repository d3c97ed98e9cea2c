// One run in a process of its own, which may abort, hang or be ended without harm to others.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <synod/simulation/cluster.hpp>

namespace synod::simulation::tool {

class Child {
 public:
  using Clock = std::chrono::steady_clock;

  // Starts it. `limit` in seconds of real time; 0: any.
  Child(const SimulationOptions& options, std::uint64_t limit);
  // Ends it where it still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Readable when there is something to take.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  // Reads what is there; the report once it is over. A run that died of a failed check, of a signal
  // or of the limit has that for its violation.
  [[nodiscard]] std::optional<Report> take();
  [[nodiscard]] bool overdue() const { return Clock::now() >= end_; }
  // The last report was made by the limit.
  [[nodiscard]] bool timed_out() const { return timed_out_; }

 private:
  Report finish();

  SimulationOptions options_;
  Clock::time_point end_;
  pid_t process_ = -1;
  int descriptor_ = -1;
  std::string text_;
  bool timed_out_ = false;
};

// Plays in a child and waits for it; nullopt where it did not end in time.
[[nodiscard]] std::optional<Report> play_in_child(const SimulationOptions& options,
                                                  std::uint64_t limit);

// Says on standard error how to replay a run of this process that a failed check ends.
void report_check_failures(const SimulationOptions& options,
                           std::function<void(std::string_view)> before_the_end);

}  // namespace synod::simulation::tool
