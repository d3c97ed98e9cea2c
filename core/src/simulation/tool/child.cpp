#include "simulation/tool/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <synod/check.hpp>

#include "simulation/tool/report_text.hpp"

namespace synod::simulation::tool {
namespace {

constexpr auto kForever = Child::Clock::time_point::max();

// What a failed check needs: its handler is a plain function. One run per process.
int g_descriptor = -1;
const SimulationOptions* g_options = nullptr;
std::function<void(std::string_view)> g_before_the_end;

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

Report report_of(const SimulationOptions& options, const std::string& violation) {
  Report report;
  report.seed = options.seed;
  report.faults = options.faults.text();
  report.replay = replay_line(options);
  report.violations.push_back(violation);
  return report;
}

void tell_parent_and_end(std::string_view failure) {
  write_all(g_descriptor, encode(report_of(*g_options, "CHECK: " + std::string(failure))));
  _exit(1);
}

[[noreturn]] void play_as_child(const SimulationOptions& options, int descriptor) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  g_descriptor = descriptor;
  g_options = &options;
  set_check_failure_handler(tell_parent_and_end);
  write_all(descriptor, encode(simulate(options)));
  _exit(0);
}

std::string death_of(int status) {
  if (WIFSIGNALED(status)) {
    return "DEATH: the process died of signal " + std::to_string(WTERMSIG(status)) + " (" +
           strsignal(WTERMSIG(status)) + ")";
  }
  return "DEATH: the process ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Child::Child(const SimulationOptions& options, std::uint64_t limit)
    : options_(options), end_(limit == 0 ? kForever : Clock::now() + std::chrono::seconds(limit)) {
  int ends[2] = {-1, -1};
  SYNOD_CHECK(pipe2(ends, O_CLOEXEC) == 0, "a pipe to a child");
  std::fflush(stdout);
  process_ = fork();
  SYNOD_CHECK(process_ >= 0, "a process for a run");
  if (process_ == 0) {
    ::close(ends[0]);
    play_as_child(options_, ends[1]);
  }
  ::close(ends[1]);
  descriptor_ = ends[0];
  fcntl(descriptor_, F_SETFL, O_NONBLOCK);
}

Child::~Child() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  ::close(descriptor_);
}

std::optional<Report> Child::take() {
  char buffer[4096];
  while (true) {
    const ssize_t count = ::read(descriptor_, buffer, sizeof(buffer));
    if (count > 0) {
      text_.append(buffer, static_cast<std::size_t>(count));
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else if (count == 0) {
      return finish();
    } else {
      break;
    }
  }
  if (!overdue()) return std::nullopt;
  kill(process_, SIGKILL);
  timed_out_ = true;
  return finish();
}

Report Child::finish() {
  int status = 0;
  waitpid(std::exchange(process_, -1), &status, 0);
  if (timed_out_) return report_of(options_, "LIMIT: the run does not end in time");
  if (WIFSIGNALED(status)) {
    std::fprintf(stderr, "a process died of signal %d\n", WTERMSIG(status));
  }
  std::optional<Report> report = decode(text_);
  return report ? *std::move(report) : report_of(options_, death_of(status));
}

std::optional<Report> play_in_child(const SimulationOptions& options, std::uint64_t limit) {
  Child child(options, limit);
  while (true) {
    pollfd waiting{child.descriptor(), POLLIN, 0};
    poll(&waiting, 1, 200);
    std::optional<Report> report = child.take();
    if (!report) continue;
    if (child.timed_out()) return std::nullopt;
    return report;
  }
}

void report_check_failures(const SimulationOptions& options,
                           std::function<void(std::string_view)> before_the_end) {
  g_options = &options;
  g_before_the_end = std::move(before_the_end);
  set_check_failure_handler([](std::string_view failure) {
    if (g_before_the_end) std::exchange(g_before_the_end, nullptr)(failure);
    std::fprintf(stderr, "%.*s\n  replay: %s\n", static_cast<int>(failure.size()), failure.data(),
                 replay_line(*g_options).c_str());
  });
}

}  // namespace synod::simulation::tool
