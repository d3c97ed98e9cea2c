// Runs in a process of their own, which may abort, hang or be ended without harm to others.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <synod/simulation/cluster.hpp>

namespace synod::simulation::tool {

class Child {
 public:
  using Clock = std::chrono::steady_clock;

  // Starts it: it plays `seeds` seeds from that of `options` on, one after the other, since a process
  // of its own costs a short run as much as a tenth of its time. `limit` in seconds of real time
  // for each; 0: any.
  Child(const SimulationOptions& options, std::uint64_t seeds, std::uint64_t limit);
  // Ends it where it still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Readable when there is something to take.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  // Reads what is there: the reports of the runs that are over since the last call. A run that died
  // of a failed check, of a signal or of the limit has that for its violation, and is the last.
  [[nodiscard]] std::vector<Report> take();
  // Nothing more comes.
  [[nodiscard]] bool ended() const { return process_ < 0; }
  // Where it ended too early: the first seed that it did not play, and how many.
  [[nodiscard]] const SimulationOptions& next() const { return next_; }
  [[nodiscard]] std::uint64_t left() const { return left_; }
  // The last report was made by the limit.
  [[nodiscard]] bool timed_out() const { return timed_out_; }

 private:
  void take_whole(std::vector<Report>& reports);
  void count(std::vector<Report>& reports, Report report);
  void finish(std::vector<Report>& reports);

  SimulationOptions next_;
  std::uint64_t left_;
  std::uint64_t limit_;
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
