#include <synod/simulation/check_seeds.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <utility>

#include <synod/check.hpp>
#include <synod/simulation/diagram.hpp>

namespace synod::simulation {
namespace {

constexpr std::size_t kTraceLines = 8;
constexpr std::size_t kTraceLineMax = 150;
// Drawn by each seed: so small that nodes take snapshots, and so different that they load them at
// all moments.
constexpr std::uint64_t kSnapshotBytesMin = 512;
constexpr std::uint64_t kSnapshotDoublings = 6;

std::optional<std::uint64_t> number_in(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return std::nullopt;
  char* end = nullptr;
  const std::uint64_t number = std::strtoull(text, &end, 10);
  return *end == '\0' ? std::optional<std::uint64_t>(number) : std::nullopt;
}

std::string program_name() {
#ifdef __GLIBC__
  return program_invocation_name;
#else
  return "<this test>";
#endif
}

std::string replay_command(std::uint64_t seed, const std::source_location& where) {
  std::string command = "SYNOD_SEED=" + std::to_string(seed) + " " + program_name();
  const std::string test = test_name_of(where.function_name());
  if (!test.empty()) command += " --gtest_filter=" + test;
  return command;
}

// For the one that aborts the process: a broken invariant of the library itself.
std::string g_replay;

void on_check_failure(std::string_view report) {
  std::fprintf(stderr, "%.*s\n  replay: %s\n", static_cast<int>(report.size()), report.data(),
               g_replay.c_str());
}

class CheckFailuresNameTheSeed {
 public:
  CheckFailuresNameTheSeed() : before_(set_check_failure_handler(on_check_failure)) {}
  ~CheckFailuresNameTheSeed() { set_check_failure_handler(before_); }
  CheckFailuresNameTheSeed(const CheckFailuresNameTheSeed&) = delete;
  CheckFailuresNameTheSeed& operator=(const CheckFailuresNameTheSeed&) = delete;

 private:
  CheckFailureHandler before_;
};

class SeedLoop {
 public:
  SeedLoop(SimulationOptions options, const MakeStateObserver& make_observer,
           const std::source_location& where)
      : options_(std::move(options)), make_observer_(make_observer), where_(where) {}

  CheckResult run(std::uint64_t seeds) {
    const std::uint64_t first = options_.seed;
    std::unique_ptr<StateObserver> oldest;
    for (std::uint64_t i = 0; i < seeds && result_.ok(); ++i) {
      options_.seed = first + i;
      std::unique_ptr<StateObserver> observer = make_observer_(options_.seed);
      play(*observer);
      if (oldest == nullptr) oldest = std::move(observer);
    }
    draw_if_asked(result_.ok() ? first : result_.failed_seed);
    if (result_.ok()) replay_much_later(first, oldest.get());
    if (result_.ok() && result_.acknowledged == 0) {
      fail("nothing was checked: not one append was acknowledged", first);
    }
    return std::move(result_);
  }

 private:
  Report simulate_with(StateObserver& observer) {
    options_.snapshot_every_bytes = kSnapshotBytesMin
                                    << Prng(options_.seed).below(kSnapshotDoublings + 1);
    options_.observer = &observer;
    g_replay = replay_command(options_.seed, where_);
    return simulate(options_);
  }

  void play(StateObserver& observer) {
    const Report report = simulate_with(observer);
    ++result_.seeds;
    result_.rounds += report.rounds;
    result_.acknowledged += report.acknowledged;
    result_.reads += report.reads;
    result_.messages += report.messages;
    result_.simulated += report.simulated;
    result_.checked.histories += report.checked.histories;
    result_.checked.operations += report.checked.operations;
    for (std::size_t i = 0; i < kFaultCount; ++i) result_.struck[i] += report.struck[i];
    const StateCounts compared = observer.compared();
    result_.compared.states += compared.states;
    result_.compared.outcomes += compared.outcomes;
    result_.compared.snapshots += compared.snapshots;
    result_.compared.copies += compared.copies;
    if (!report.ok()) explain(report);
  }

  void fail(const std::string& violation, std::uint64_t seed) {
    result_.violations.push_back(violation);
    result_.failed_seed = seed;
    result_.replay = replay_command(seed, where_);
  }

  // Once more, keeping the end of the trace.
  void explain(const Report& report) {
    fail(report.violations.front(), options_.seed);
    result_.violations = report.violations;
    if (options_.trace) return;  // It is all there already.
    const std::unique_ptr<StateObserver> observer = make_observer_(options_.seed);
    std::deque<std::string> lines;
    options_.trace = [&](std::string_view line) {
      if (observer->is_broken()) return;
      const bool is_long = line.size() > kTraceLineMax;
      lines.push_back(std::string(line.substr(0, kTraceLineMax)) + (is_long ? " …" : ""));
      if (lines.size() > kTraceLines) lines.pop_front();
    };
    const Report again = simulate_with(*observer);
    result_.fails_again = !again.ok() && again.violations.front() == report.violations.front();
    if (!again.ok()) result_.trace.assign(lines.begin(), lines.end());
  }

  // The seed that failed, or the first, as a page for a browser.
  void draw_if_asked(std::uint64_t seed) {
    const char* const path = std::getenv("SYNOD_HTML");
    if (path == nullptr || *path == '\0') return;
    options_.seed = seed;
    Diagram diagram(diagram_of_seed(seed, options_.nodes, replay_command(seed, where_)));
    options_.trace = nullptr;
    options_.timeline = [&diagram](const Moment& moment) { diagram.add(moment); };
    const std::unique_ptr<StateObserver> observer = make_observer_(seed);
    (void)simulate_with(*observer);
    options_.timeline = nullptr;
    std::fprintf(
        stderr,
        diagram.save(path) ? "seed %llu is drawn in %s\n" : "seed %llu: %s cannot be written\n",
        static_cast<unsigned long long>(seed), path);
  }

  // A clock that ticks in seconds may stand still for a whole seed. By now it has moved.
  void replay_much_later(std::uint64_t seed, StateObserver* oldest) {
    const std::optional<std::string> complaint =
        oldest != nullptr ? oldest->replay_log() : std::nullopt;
    if (complaint) fail(*complaint + "; this log was replayed after all seeds", seed);
  }

  SimulationOptions options_;
  const MakeStateObserver& make_observer_;
  std::source_location where_;
  CheckResult result_;
};

}  // namespace

CheckResult check_seeds(SimulationOptions options, std::uint64_t seeds,
                        const MakeStateObserver& make_observer, const std::source_location& where) {
  seeds = number_in("SYNOD_SEEDS").value_or(seeds);
  if (const std::optional<std::uint64_t> only = number_in("SYNOD_SEED")) {
    options.seed = *only;
    seeds = 1;
    if (!options.trace) {
      options.trace = [](std::string_view line) {
        std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
      };
    }
  }
  const CheckFailuresNameTheSeed names_the_seed;
  return SeedLoop(std::move(options), make_observer, where).run(seeds);
}

std::string test_name_of(std::string_view function) {
  constexpr std::string_view kEnd = "_Test::TestBody";
  const std::size_t end = function.find(kEnd);
  if (end == std::string_view::npos) return {};
  const std::string_view before = function.substr(0, end);
  const std::size_t start = before.find_last_of(" :") + 1;  // 0 where there is none.
  std::string name(before.substr(start));
  const std::size_t joint = name.find('_');
  if (joint == std::string::npos || name.find('_', joint + 1) != std::string::npos) return {};
  name[joint] = '.';
  return name;
}

}  // namespace synod::simulation
