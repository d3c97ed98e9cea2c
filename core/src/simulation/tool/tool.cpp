#include "simulation/tool/tool.hpp"

#include <cstdio>
#include <string>

#include <synod/simulation/diagram.hpp>
#include <synod/simulation/minimize.hpp>

#include "base/mutants.hpp"
#include "simulation/tool/arguments.hpp"
#include "simulation/tool/child.hpp"
#include "simulation/tool/fleet.hpp"

namespace synod::simulation::tool {
namespace {

constexpr std::uint64_t kLimitOfMinimize = 60;

void print_line(std::string_view line) {
  std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
}

Diagram diagram_of(const Arguments& arguments) {
  DiagramOptions options = diagram_of_seed(arguments.options.seed, arguments.options.nodes,
                                           replay_line(arguments.options));
  options.from = arguments.from;
  options.moments_max = arguments.events;
  return Diagram(std::move(options));
}

bool save(const Diagram& diagram, const std::string& path) {
  const bool saved = diagram.save(path);
  std::fprintf(stderr, saved ? "drawn in %s\n" : "synod-simulate: %s cannot be written\n",
               path.c_str());
  return saved;
}

// In this process, so that a debugger sees it. A failed check is drawn as well.
int play_one(Arguments arguments) {
  Diagram diagram = diagram_of(arguments);
  const bool draws = !arguments.html.empty();
  Timestamp now;
  if (draws) {
    arguments.options.timeline = [&](const Moment& moment) {
      now = moment.at;
      diagram.add(moment);
    };
  }
  if (arguments.trace) arguments.options.trace = print_line;
  report_check_failures(arguments.options, [&](std::string_view failure) {
    if (!draws) return;
    diagram.add(
        {.happening = Happening::kViolation, .text = "CHECK: " + std::string(failure), .at = now});
    (void)save(diagram, arguments.html);
  });
  const Report report = simulate(arguments.options);
  if (!report.ok() || !arguments.quiet) std::printf("%s\n", report.text().c_str());
  Totals totals;
  totals.add(report);
  if (arguments.probes) {
    std::printf("1 seeds %s; reached %s\n", report.ok() ? "ok" : "FAILED",
                totals.reached.text().c_str());
  }
  print_sums(arguments, totals);
  if (draws && !save(diagram, arguments.html)) return 2;
  return report.ok() ? 0 : 1;
}

int play_minimized(Arguments arguments) {
  const std::uint64_t limit = arguments.limit != 0 ? arguments.limit : kLimitOfMinimize;
  const auto say = [](std::string_view line) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  };
  const std::optional<Minimized> minimized = minimize(
      arguments.options,
      [limit](const SimulationOptions& options) { return play_in_child(options, limit); }, say);
  if (!minimized) {
    std::printf("seed %llu does not fail: there is nothing to make smaller\n",
                static_cast<unsigned long long>(arguments.options.seed));
    return 0;
  }
  std::printf("%s\n%s\n", minimized->after.text().c_str(), minimized->text().c_str());
  if (arguments.html.empty()) return 1;
  std::fflush(stdout);
  arguments.options = minimized->options;
  return play_one(std::move(arguments));
}

// One to a line: name, what it stands for, what it breaks, how to start; with tabs.
int list_mutants() {
  for (const Mutant& mutant : kMutants) {
    std::string line;
    for (const std::string_view part :
         {mutant.name, mutant.guards, mutant.breaks, mutant.options}) {
      line += (line.empty() ? "" : "\t") + std::string(part);
    }
    std::puts(line.c_str());
  }
  return 0;
}

}  // namespace

int run(int count, const char* const* words, const SimulationOptions& defaults) {
  Arguments arguments;
  arguments.options = defaults;
  if (const std::optional<std::string> wrong = parse(count, words, arguments)) {
    std::fprintf(stderr, "synod-simulate: %s\n(synod-simulate --help says more)\n", wrong->c_str());
    return 2;
  }
  if (arguments.help) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (arguments.mutants) return list_mutants();
  if (arguments.seeds > 1) return play_fleet(arguments);
  return arguments.minimize ? play_minimized(std::move(arguments)) : play_one(std::move(arguments));
}

}  // namespace synod::simulation::tool
