#include "cluster/process.hpp"

#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

namespace synod::bench {
namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

std::int64_t nanoseconds_of(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void pin_to(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<std::size_t>(cpu), &cpus);
  if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0) give_up("sched_setaffinity");
}

}  // namespace

std::int64_t monotonic_now() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return nanoseconds_of(time);
}

bool Control::receive(Command& command, bool wait) const {
  const ssize_t got = recv(descriptor_, &command, sizeof(command), wait ? 0 : MSG_DONTWAIT);
  if (got == 0 || (got > 0 && command.order == Order::kEnd)) _exit(0);
  if (got > 0 && command.order == Order::kTrim) {
    malloc_trim(0);
    return receive(command, wait);
  }
  return got == static_cast<ssize_t>(sizeof(command));
}

void Control::answer(const Sample& sample) const {
  if (::send(descriptor_, &sample, sizeof(sample), MSG_NOSIGNAL) < 0) _exit(1);
}

Process::Process(int cpu, const std::function<void(Control&)>& body) {
  int ends[2] = {};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) give_up("socketpair");
  std::fflush(nullptr);
  id_ = fork();
  if (id_ < 0) give_up("fork");
  if (id_ == 0) {
    close(ends[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (cpu != kAnyCpu) pin_to(cpu);
    Control control(ends[1]);
    body(control);
    _exit(0);
  }
  close(ends[1]);
  descriptor_ = ends[0];
}

Process::Process(Process&& other) noexcept
    : id_(std::exchange(other.id_, -1)), descriptor_(std::exchange(other.descriptor_, -1)) {}

Process::~Process() {
  if (id_ < 0) return;
  kill(id_, SIGCONT);
  kill(id_, SIGKILL);  // There is nothing in a child that would have to end well.
  waitpid(id_, nullptr, 0);
  close(descriptor_);
}

bool Process::receive(Sample& sample) const {
  pollfd readable = {descriptor_, POLLIN, 0};
  return poll(&readable, 1, 30'000) == 1 &&
         recv(descriptor_, &sample, sizeof(sample), 0) == static_cast<ssize_t>(sizeof(sample));
}

bool Process::wait_ready() const {
  Sample sample;
  return receive(sample);
}

void Process::send(Command command) const {
  if (::send(descriptor_, &command, sizeof(command), MSG_NOSIGNAL) < 0) give_up("a child ended");
}

void Process::load(std::uint32_t outstanding) const { send({Order::kLoad, outstanding}); }

Sample Process::sample() const {
  send({Order::kSample, 0});
  Sample sample;
  if (!receive(sample)) give_up("a child does not answer");
  return sample;
}

std::int64_t Process::processor_time() const {
  clockid_t clock = {};
  timespec time = {};
  if (clock_getcpuclockid(id_, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return nanoseconds_of(time);
}

std::uint64_t Process::resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(id_) + "/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace synod::bench
