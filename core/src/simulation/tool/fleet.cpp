#include "simulation/tool/fleet.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "simulation/tool/child.hpp"
#include "simulation/tool/totals.hpp"

namespace synod::simulation::tool {
namespace {

using Clock = Child::Clock;

// That one process plays one after the other.
constexpr std::uint64_t kSeedsMax = 16;

volatile sig_atomic_t g_interrupted = 0;

void interrupt(int) { g_interrupted = 1; }

class Fleet {
 public:
  explicit Fleet(const Arguments& arguments)
      : arguments_(arguments),
        next_(arguments.options.seed),
        end_(arguments.options.seed + arguments.seeds),
        begun_(Clock::now()),
        told_(begun_),
        terminal_(isatty(STDERR_FILENO) != 0) {}

  int run() {
    struct sigaction action = {};
    action.sa_handler = interrupt;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    while (g_interrupted == 0 && (next_ != end_ || !children_.empty())) {
      while (next_ != end_ && children_.size() < arguments_.processes) start();
      wait();
      for (auto child = children_.begin(); child != children_.end();) {
        for (const Report& report : (*child)->take()) tell(report);
        child = (*child)->ended() ? replace(child) : std::next(child);
      }
      tell_progress();
      if (has_enough()) break;
    }
    children_.clear();  // Ends those that still run.
    summarise();
    return g_interrupted != 0 ? 130 : failures_.empty() ? 0 : 1;
  }

 private:
  using Children = std::list<std::unique_ptr<Child>>;

  // Smaller ones towards the end, so that all processes end at the same time.
  void start() {
    SimulationOptions options = arguments_.options;
    options.seed = next_;
    const std::uint64_t share = (end_ - next_) / (2 * arguments_.processes);
    const std::uint64_t seeds = std::clamp<std::uint64_t>(share, 1, kSeedsMax);
    next_ += seeds;
    children_.push_back(std::make_unique<Child>(options, seeds, arguments_.limit));
  }

  // Another one plays what a child that died has left.
  Children::iterator replace(Children::iterator child) {
    const std::unique_ptr<Child> ended = std::move(*child);
    if (ended->left() > 0) {
      children_.push_back(
          std::make_unique<Child>(ended->next(), ended->left(), arguments_.limit));
    }
    return children_.erase(child);
  }

  void wait() {
    std::vector<pollfd> waiting;
    for (const auto& child : children_) waiting.push_back({child->descriptor(), POLLIN, 0});
    poll(waiting.data(), waiting.size(), 200);
  }

  void tell(const Report& report) {
    // What a child says that died with us is no failure.
    if (g_interrupted != 0 || has_enough()) return;
    sum_.add(report);
    if (!report.ok()) failures_.push_back(report);
    if (report.ok() && arguments_.quiet) return;
    clear_line();
    std::printf("%s\n", report.text().c_str());
    std::fflush(stdout);
  }

  [[nodiscard]] bool has_enough() const { return arguments_.stop && !failures_.empty(); }

  [[nodiscard]] double seconds() const {
    const double passed = std::chrono::duration<double>(Clock::now() - begun_).count();
    return std::max(passed, 0.001);
  }

  void tell_progress() {
    const auto every = terminal_ ? std::chrono::milliseconds(500) : std::chrono::seconds(10);
    if (Clock::now() - told_ < every) return;
    told_ = Clock::now();
    std::fprintf(stderr, "%s%llu of %llu seeds, %s, %zu failed%s", terminal_ ? "\r\x1b[K" : "",
                 static_cast<unsigned long long>(sum_.seeds),
                 static_cast<unsigned long long>(arguments_.seeds), rate().c_str(),
                 failures_.size(), terminal_ ? "" : "\n");
  }

  void clear_line() const {
    if (terminal_) std::fputs("\r\x1b[K", stderr);
  }

  [[nodiscard]] std::string rate() const {
    char text[128];
    std::snprintf(text, sizeof(text), "%.1f seeds/s, %.0f messages/s, %.2f simulated hours",
                  static_cast<double>(sum_.seeds) / seconds(),
                  static_cast<double>(sum_.messages) / seconds(),
                  static_cast<double>(sum_.seconds) / 3600);
    return text;
  }

  void summarise() const {
    clear_line();
    std::printf(
        "%s%" PRIu64 " seeds %s; reached %s; %.1f s, %s, %" PRIu64 " messages; %zu failed\n",
        g_interrupted != 0 ? "interrupted: " : "", sum_.seeds, failures_.empty() ? "ok" : "FAILED",
        sum_.reached.text().c_str(), seconds(), rate().c_str(), sum_.messages, failures_.size());
    for (const Report& each : failures_) {
      std::printf("  %s: %s\n", each.violations.front().c_str(), each.replay.c_str());
    }
    print_sums(arguments_, sum_);
    std::fflush(stdout);
  }

  const Arguments& arguments_;
  std::uint64_t next_;
  std::uint64_t end_;
  Children children_;
  Totals sum_;
  std::vector<Report> failures_;
  Clock::time_point begun_;
  Clock::time_point told_;
  bool terminal_;
};

}  // namespace

void print_sums(const Arguments& arguments, const Totals& totals) {
  if (arguments.totals) totals.print();
  if (arguments.probes) std::printf("not reached:\n%s", totals.reached.unreached().c_str());
  std::fflush(stdout);
}

int play_fleet(const Arguments& arguments) { return Fleet(arguments).run(); }

}  // namespace synod::simulation::tool
