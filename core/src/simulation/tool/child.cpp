#include "simulation/tool/child.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <utility>

#include <synod/check.hpp>

#include "simulation/tool/report_text.hpp"

namespace synod::simulation::tool {
namespace {

// The status of a process that reported why it ended; sanitizers use others.
constexpr int kToldWhy = 71;
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

// A report behind its length.
std::string framed(const Report& report) {
  const std::string text = encode(report);
  const std::uint64_t size = text.size();
  std::string frame(sizeof(size), '\0');
  std::memcpy(frame.data(), &size, sizeof(size));
  return frame + text;
}

void tell_parent_and_end(std::string_view failure) {
  write_all(g_descriptor, framed(report_of(*g_options, "CHECK: " + std::string(failure))));
  _exit(kToldWhy);
}

// A process that plays one run and ends gives nothing back to the system on the way: it would ask
// for the same pages again at once.
void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kAtOnce = 4 << 20;
  mallopt(M_TOP_PAD, kAtOnce);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_MMAP_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

[[noreturn]] void play_as_child(SimulationOptions options, std::uint64_t seeds, int descriptor) {
  keep_freed_memory();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  g_descriptor = descriptor;
  g_options = &options;
  set_check_failure_handler(tell_parent_and_end);
  for (; seeds > 0; --seeds, ++options.seed) write_all(descriptor, framed(simulate(options)));
  _exit(0);
}

Child::Clock::time_point end_of(std::uint64_t limit) {
  return limit == 0 ? kForever : Child::Clock::now() + std::chrono::seconds(limit);
}

std::string death_of(int status) {
  if (WIFSIGNALED(status)) {
    return "DEATH: the process died of signal " + std::to_string(WTERMSIG(status)) + " (" +
           strsignal(WTERMSIG(status)) + ")";
  }
  return "DEATH: the process ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Child::Child(const SimulationOptions& options, std::uint64_t seeds, std::uint64_t limit)
    : next_(options), left_(seeds), limit_(limit), end_(end_of(limit)) {
  int ends[2] = {-1, -1};
  SYNOD_CHECK(pipe2(ends, O_CLOEXEC) == 0, "a pipe to a child");
  std::fflush(stdout);
  process_ = fork();
  SYNOD_CHECK(process_ >= 0, "a process for runs");
  if (process_ == 0) {
    ::close(ends[0]);
    play_as_child(next_, seeds, ends[1]);
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

std::vector<Report> Child::take() {
  std::vector<Report> reports;
  char buffer[4096];
  while (!ended()) {
    const ssize_t count = ::read(descriptor_, buffer, sizeof(buffer));
    if (count > 0) {
      text_.append(buffer, static_cast<std::size_t>(count));
      take_whole(reports);
    } else if (count == 0) {
      finish(reports);
    } else if (errno != EINTR) {
      break;
    }
  }
  if (ended() || Clock::now() < end_) return reports;
  kill(process_, SIGKILL);
  timed_out_ = true;
  finish(reports);
  return reports;
}

void Child::take_whole(std::vector<Report>& reports) {
  std::uint64_t size = 0;
  while (text_.size() >= sizeof(size)) {
    std::memcpy(&size, text_.data(), sizeof(size));
    if (text_.size() - sizeof(size) < size) return;
    std::optional<Report> report = decode(std::string_view(text_).substr(sizeof(size), size));
    SYNOD_CHECK(report.has_value(), "A child reports what its parent can read.");
    text_.erase(0, sizeof(size) + size);
    count(reports, *std::move(report));
  }
}

void Child::count(std::vector<Report>& reports, Report report) {
  reports.push_back(std::move(report));
  ++next_.seed;
  --left_;
  end_ = end_of(limit_);
}

void Child::finish(std::vector<Report>& reports) {
  int status = 0;
  waitpid(std::exchange(process_, -1), &status, 0);
  if (WIFSIGNALED(status) && !timed_out_) {
    std::fprintf(stderr, "a process died of signal %d\n", WTERMSIG(status));
  }
  const bool told = WIFEXITED(status) && WEXITSTATUS(status) == kToldWhy;
  if (timed_out_) {
    count(reports, report_of(next_, "LIMIT: the run does not end in time"));
  } else if (left_ > 0 && !told) {
    count(reports, report_of(next_, death_of(status)));
  }
}

std::optional<Report> play_in_child(const SimulationOptions& options, std::uint64_t limit) {
  Child child(options, 1, limit);
  while (true) {
    pollfd waiting{child.descriptor(), POLLIN, 0};
    poll(&waiting, 1, 200);
    const std::vector<Report> reports = child.take();
    if (child.timed_out()) return std::nullopt;
    if (!reports.empty()) return reports.front();
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
