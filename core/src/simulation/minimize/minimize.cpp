#include <synod/simulation/minimize.hpp>

#include <algorithm>
#include <utility>

namespace synod::simulation {
namespace {

using Strikes = std::vector<std::uint64_t>;

constexpr int kPassesMax = 3;
// Past what the run needs, since what is demanded at the end of a phase is found missing after it.
constexpr Duration kMargin = std::chrono::milliseconds(1);

std::size_t count_of(const Faults& faults) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kFaultCount; ++i) count += faults.has(static_cast<Fault>(i)) ? 1 : 0;
  return count;
}

Faults drawn_in(const Report& report) {
  Faults faults;
  (void)faults.parse(report.faults);
  return faults;
}

Strikes indexes_of(const Report& report) {
  Strikes indexes;
  for (const Strike& strike : report.strikes) indexes.push_back(strike.index);
  return indexes;
}

Strikes without(const Strikes& strikes, std::size_t first, std::size_t count) {
  Strikes rest(strikes.begin(), strikes.begin() + static_cast<std::ptrdiff_t>(first));
  const std::size_t behind = std::min(first + count, strikes.size());
  rest.insert(rest.end(), strikes.begin() + static_cast<std::ptrdiff_t>(behind), strikes.end());
  return rest;
}

class Minimizer {
 public:
  Minimizer(const Player& play, const std::function<void(std::string_view)>& say)
      : play_(play), say_(say) {}

  std::optional<Minimized> run(const SimulationOptions& options) {
    const std::optional<Report> first = play(options);
    if (!first || first->ok()) return std::nullopt;
    result_.options_before = result_.options = options;
    result_.before = result_.after = *first;
    invariant_ = broken_invariant(*first);
    for (int pass = 0; pass < kPassesMax; ++pass) {
      const std::string before = replay_line(result_.options);
      fewer_classes();
      fewer_strikes();
      fewer_entries();
      smaller_cluster();
      if (replay_line(result_.options) == before) break;
    }
    less_time();
    return std::move(result_);
  }

 private:
  std::optional<Report> play(const SimulationOptions& options) {
    ++result_.runs;
    return play_(options);
  }

  // Keeps `candidate` where it breaks the same invariant.
  bool attempt(const SimulationOptions& candidate, const std::string& what) {
    std::optional<Report> report = play(candidate);
    if (!report || broken_invariant(*report) != invariant_) return false;
    result_.options = candidate;
    result_.after = *std::move(report);
    if (say_) say_(what + ": still " + result_.after.violations.front());
    return true;
  }

  bool attempt_faults(const Faults& faults) {
    SimulationOptions candidate = result_.options;
    candidate.faults = faults;
    return attempt(candidate, "faults " + faults.text());
  }

  // What is off in this seed anyway goes first: that changes nothing.
  void fewer_classes() {
    if (count_of(result_.options.faults) == 0 || attempt_faults(Faults::none())) return;
    const Faults drawn = drawn_in(result_.after);
    if (!(drawn.text() == result_.options.faults.text())) (void)attempt_faults(drawn);
    for (std::size_t i = 0; i < kFaultCount; ++i) {
      Faults fewer = result_.options.faults;
      if (!fewer.has(static_cast<Fault>(i))) continue;
      fewer.set(static_cast<Fault>(i), false);
      (void)attempt_faults(fewer);
    }
  }

  bool attempt_strikes(const Strikes& strikes) {
    SimulationOptions candidate = result_.options;
    candidate.strikes = strikes;
    return attempt(candidate, std::to_string(strikes.size()) + " strikes");
  }

  // Delta debugging: halves, then quarters, down to single ones (Zeller and Hildebrandt 2002). From
  // the back, since what strikes early needs fewer entries to get there.
  void fewer_strikes() {
    if (result_.options.strikes && result_.options.strikes->empty()) return;
    // A run that aborted does not say what struck; none may do.
    if (attempt_strikes({}) || indexes_of(result_.after).empty()) return;
    // Those after the failure never happened.
    if (!result_.options.strikes && !attempt_strikes(indexes_of(result_.after))) return;
    std::size_t size = (result_.options.strikes->size() + 1) / 2;
    while (size > 0) {
      bool shrank = false;
      for (std::size_t end = result_.options.strikes->size(); end > 0;) {
        const std::size_t first = end > size ? end - size : 0;
        const bool fewer = attempt_strikes(without(*result_.options.strikes, first, end - first));
        shrank = shrank || fewer;
        end = first;
      }
      if (size == 1 && !shrank) break;
      size = size == 1 ? 1 : size / 2;
    }
  }

  void fewer_entries() {
    std::uint64_t enough = 0;  // Below this it does not fail, as far as was tried.
    while (enough < result_.options.entries) {
      SimulationOptions candidate = result_.options;
      candidate.entries = enough + (result_.options.entries - enough) / 2;
      const std::string what = std::to_string(candidate.entries) + " entries";
      if (!attempt(candidate, what)) enough = candidate.entries + 1;
    }
  }

  void smaller_cluster() {
    for (std::uint64_t nodes = 1; nodes < result_.options.nodes; ++nodes) {
      SimulationOptions candidate = result_.options;
      candidate.nodes = nodes;
      if (candidate.policy.phase1 > nodes || candidate.policy.phase2 > nodes) continue;
      if (attempt(candidate, std::to_string(nodes) + " nodes")) break;
    }
    if (result_.options.concurrency == 1) return;
    SimulationOptions candidate = result_.options;
    candidate.concurrency = 1;
    (void)attempt(candidate, "concurrency 1");
  }

  void less_time() {
    SimulationOptions candidate = result_.options;
    candidate.until = result_.after.simulated + kMargin;
    if (candidate.until >= result_.options.until) return;
    (void)attempt(candidate, "until " + std::to_string(candidate.until.count()) + " us");
  }

  const Player& play_;
  const std::function<void(std::string_view)>& say_;
  std::string invariant_;
  Minimized result_;
};

std::string step(const std::string& what, std::uint64_t before, std::uint64_t after) {
  return what + " " + std::to_string(before) + " -> " + std::to_string(after);
}

}  // namespace

std::string broken_invariant(const Report& report) {
  if (report.ok()) return {};
  const std::string& first = report.violations.front();
  return first.substr(0, first.find(':'));
}

std::string Minimized::text() const {
  const auto milliseconds = [](const Report& report) {
    return static_cast<std::uint64_t>(report.simulated.count() / 1000);
  };
  return step("fault classes", count_of(drawn_in(before)), count_of(drawn_in(after))) + ", " +
         step("strikes", before.strikes.size(), after.strikes.size()) + ", " +
         step("entries", options_before.entries, options.entries) + ", " +
         step("nodes", options_before.nodes, options.nodes) + ", " +
         step("messages", before.messages, after.messages) + ", " +
         step("simulated ms", milliseconds(before), milliseconds(after)) + "; " +
         std::to_string(runs) + " runs";
}

std::optional<Minimized> minimize(const SimulationOptions& options, const Player& play,
                                  const std::function<void(std::string_view)>& say) {
  return Minimizer(play, say).run(options);
}

}  // namespace synod::simulation
