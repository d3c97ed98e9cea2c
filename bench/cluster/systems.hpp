// What is compared: each system is a few processes, of which some put load on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/process.hpp"

namespace synod::bench {

// Figures of one window of time.
struct Window {
  double seconds = 0;
  double entries = 0;
  double failed = 0;
  double p50 = 0;  // Microseconds.
  double p99 = 0;
  double processor = 0;             // Microseconds per entry, of all processes together.
  double entries_per_sync = 0;      // Over all nodes; 0 where nothing is synced.
  double messages = 0;              // Per entry, over all nodes.
  double socket_calls = 0;          // Likewise.
  double leader_allocations = 0;    // Per entry, at the first process.
  double follower_allocations = 0;  // Per entry, at the second.
  double foreign = 0;               // Processors that were busy with something else.

  [[nodiscard]] double rate() const { return entries / seconds; }
};

class System {
 public:
  // Which processes put the load on, and what is reported under `name`.
  struct Driver {
    std::string name;
    std::vector<std::size_t> processes;
  };

  System(std::vector<Process> processes, std::vector<Driver> drivers, std::size_t nodes)
      : processes_(std::move(processes)), drivers_(std::move(drivers)), nodes_(nodes) {}

  [[nodiscard]] const std::vector<Driver>& drivers() const { return drivers_; }
  [[nodiscard]] const Process& process(std::size_t index) const { return processes_[index]; }
  void load(const Driver& driver, std::uint32_t outstanding) const;
  // Lets `warm` seconds pass under load, measures for `seconds`, and takes the load off.
  [[nodiscard]] Window measure(const Driver& driver, std::uint32_t outstanding, double warm,
                               double seconds) const;

 private:
  struct Moment {
    std::vector<Sample> samples;
    std::int64_t processor_time = 0;  // Of all processes.
    std::int64_t machine_busy = 0;    // Of the whole machine; nanoseconds.
    std::int64_t at = 0;
  };
  [[nodiscard]] Moment look(const Driver& driver) const;
  [[nodiscard]] Window between(const Driver& driver, const Moment& begin, const Moment& end) const;

  std::vector<Process> processes_;
  std::vector<Driver> drivers_;
  std::size_t nodes_;  // The first of the processes; they have counters of their own.
};

// Each forks its processes, on `cpu` alone where it is not Process::kAnyCpu, and waits until they
// are ready; ends the program where they are not. Names get `suffix`.
[[nodiscard]] System make_echo(int cpu, const std::string& suffix);
[[nodiscard]] System make_fan_out(int cpu, const std::string& suffix);
// Three processes that sync at once, in `directory`.
[[nodiscard]] System make_syncs(const std::string& directory, const std::string& suffix);
// Three nodes and a client; node 1 leads. With a journal where `directory` is not empty.
[[nodiscard]] System make_cluster(int cpu, const std::string& directory, const std::string& suffix);

}  // namespace synod::bench
