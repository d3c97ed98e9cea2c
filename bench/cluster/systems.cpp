#include "cluster/systems.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <thread>
#include <utility>

#include "cluster/bare.hpp"
#include "cluster/nodes.hpp"

namespace synod::bench {
namespace {

constexpr double kNanoseconds = 1e9;

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

// Nanoseconds for which the machine's processors were not idle so far.
std::int64_t machine_busy() {
  std::ifstream file("/proc/stat");
  std::string word;
  std::int64_t user = 0;
  std::int64_t nice = 0;
  std::int64_t system = 0;
  std::int64_t idle = 0;
  std::int64_t waiting = 0;
  std::int64_t interrupts = 0;
  std::int64_t soft_interrupts = 0;
  std::int64_t stolen = 0;
  file >> word >> user >> nice >> system >> idle >> waiting >> interrupts >> soft_interrupts >>
      stolen;
  const std::int64_t ticks = user + nice + system + interrupts + soft_interrupts + stolen;
  return ticks * (1'000'000'000 / sysconf(_SC_CLK_TCK));
}

void require_ready(const Process& process) {
  if (!process.wait_ready()) {
    std::fprintf(stderr, "a process did not get ready\n");
    std::exit(1);
  }
}
void require_ready(const std::vector<Process>& processes) {
  for (const Process& process : processes) require_ready(process);
}

double quotient(double value, double by) { return by > 0 ? value / by : 0; }

}  // namespace

void System::load(const Driver& driver, std::uint32_t outstanding) const {
  for (const std::size_t index : driver.processes) processes_[index].load(outstanding);
}

System::Moment System::look(const Driver& driver) const {
  std::vector<bool> asked(processes_.size(), false);
  for (const std::size_t index : driver.processes) asked[index] = true;
  for (std::size_t index = 0; index < nodes_; ++index) asked[index] = true;
  Moment moment;
  moment.samples.resize(processes_.size());
  for (std::size_t index = 0; index < processes_.size(); ++index) {
    if (asked[index]) moment.samples[index] = processes_[index].sample();
    moment.processor_time += processes_[index].processor_time();
  }
  moment.machine_busy = machine_busy();
  moment.at = monotonic_now();
  return moment;
}

Window System::measure(const Driver& driver, std::uint32_t outstanding, double warm,
                       double seconds) const {
  load(driver, outstanding);
  sleep_for(warm);
  const Moment begin = look(driver);
  sleep_for(seconds);
  const Moment end = look(driver);
  load(driver, 0);
  sleep_for(0.05);  // What was outstanding ends.
  return between(driver, begin, end);
}

Window System::between(const Driver& driver, const Moment& begin, const Moment& end) const {
  Window window;
  const auto grown = [&](std::size_t index, std::uint64_t Sample::*counter) {
    return static_cast<double>(end.samples[index].*counter - begin.samples[index].*counter);
  };
  for (const std::size_t index : driver.processes) {
    const auto count = static_cast<double>(driver.processes.size());
    const Sample& last = end.samples[index];
    window.seconds += static_cast<double>(last.at - begin.samples[index].at) / kNanoseconds / count;
    window.entries += grown(index, &Sample::completed);
    window.failed += grown(index, &Sample::failed);
    window.p50 += static_cast<double>(last.p50) / 1000 / count;
    window.p99 += static_cast<double>(last.p99) / 1000 / count;
  }
  const auto over_nodes = [&](std::uint64_t Sample::*counter) {
    double sum = 0;
    for (std::size_t index = 0; index < nodes_; ++index) sum += grown(index, counter);
    return sum;
  };
  const auto processor_time = static_cast<double>(end.processor_time - begin.processor_time);
  window.processor = quotient(processor_time / 1000, window.entries);
  const auto busy = static_cast<double>(end.machine_busy - begin.machine_busy);
  window.foreign = (busy - processor_time) / static_cast<double>(end.at - begin.at);
  if (nodes_ == 0) return window;
  window.entries_per_sync =
      quotient(window.entries * static_cast<double>(nodes_), over_nodes(&Sample::syncs));
  window.messages = quotient(over_nodes(&Sample::messages), window.entries);
  window.socket_calls = quotient(over_nodes(&Sample::socket_calls), window.entries);
  window.leader_allocations = quotient(grown(0, &Sample::allocations), window.entries);
  window.follower_allocations = quotient(grown(1, &Sample::allocations), window.entries);
  return window;
}

System make_echo(int cpu, const std::string& suffix) {
  const Connection connection;
  std::vector<Process> processes;
  processes.emplace_back(cpu, [&](Control& c) { run_echo_client(c, connection.near); });
  processes.emplace_back(cpu, [&](Control& c) { run_echo_server(c, connection.far); });
  require_ready(processes);
  return {std::move(processes), {{"echo" + suffix, {0}}}, 0};
}

System make_fan_out(int cpu, const std::string& suffix) {
  const Connection first;
  const Connection second;
  std::vector<Process> processes;
  processes.emplace_back(cpu, [&](Control& c) { run_fan_out_leader(c, first.near, second.near); });
  processes.emplace_back(cpu, [&](Control& c) { run_fan_out_follower(c, first.far); });
  processes.emplace_back(cpu, [&](Control& c) { run_fan_out_follower(c, second.far); });
  require_ready(processes);
  return {std::move(processes), {{"fan-out" + suffix, {0}}}, 0};
}

System make_syncs(const std::string& directory, const std::string& suffix) {
  std::vector<Process> processes;
  for (int i = 0; i < 3; ++i) {
    const std::string path = directory + "/sync-" + std::to_string(i);
    processes.emplace_back(Process::kAnyCpu, [path](Control& c) { run_syncs(c, path); });
  }
  require_ready(processes);
  return {std::move(processes), {{"3 syncs" + suffix, {0, 1, 2}}}, 0};
}

System make_cluster(int cpu, const std::string& directory, const std::string& suffix) {
  const std::vector<std::uint16_t> ports = free_ports(4);
  std::vector<Member> members;
  for (std::size_t i = 0; i < 3; ++i) {
    members.push_back({.id = NodeId(i + 1), .address = "127.0.0.1:" + std::to_string(ports[i])});
  }
  std::vector<Process> processes;
  for (std::size_t i = 0; i < 3; ++i) {
    NodePlan plan{NodeId(i + 1), members, {}, i == 0 ? ports[3] : std::uint16_t{0}};
    if (!directory.empty()) plan.directory = directory + "/node-" + std::to_string(i + 1);
    processes.emplace_back(cpu, [plan](Control& c) { run_node(c, plan); });
  }
  require_ready(processes);
  processes.emplace_back(cpu, [&](Control& c) { run_client(c, ports[3]); });
  require_ready(processes.back());
  const std::string name = (directory.empty() ? "memory" : "journal") + suffix;
  System cluster(std::move(processes), {{name, {0}}, {name + ", client", {3}}}, 3);
  // The first append waits for the founding, and makes node 1 the leader.
  (void)cluster.measure(cluster.drivers()[0], 1, 1.0, 0.1);
  return cluster;
}

}  // namespace synod::bench
