// Plays simulated clusters from the command line: one seed, or many in several processes.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <synod/check.hpp>
#include <synod/decorations/catch_up.hpp>
#include <synod/decorations/delegation.hpp>
#include <synod/decorations/heartbeats.hpp>
#include <synod/decorations/track_leadership.hpp>
#include <synod/probe.hpp>
#include <synod/simulation/cluster.hpp>

#include "base/mutants.hpp"

namespace {

using synod::ProbeCounts;
using synod::simulation::FaultCounts;
using synod::simulation::Report;
using synod::simulation::SimulationOptions;

constexpr const char* kUsage =
    "usage: synod-simulate [--seed S] [--seeds N] [--processes P] [--nodes N] [--entries N]\n"
    "                      [--concurrency N] [--faults LIST|all|none] [--founding all|quorum]\n"
    "                      [--exactly] [--trace] [--quiet] [--stop] [--probes] [--totals]\n"
    "                      [--no-buggify] [--decorations] [--mutant NAME]\n"
    "       synod-simulate --mutants\n"
    "Plays seeds S to S+N-1. The seed draws some of the fault classes in LIST; with --exactly all\n"
    "of them are on. --stop ends with the first seed that fails; --probes lists the marks that no "
    "seed\n"
    "reached; --totals says how often each class struck; --mutant takes one guard out, in a build "
    "that\n"
    "has mutants, and --mutants lists them.\n"
    "Exit status: 0 all is well, 1 an invariant was broken, 2 wrong usage.\n";

struct Arguments {
  SimulationOptions options;
  std::uint64_t seeds = 1;
  std::uint64_t processes = 1;
  bool quiet = false;
  bool stop = false;
  bool probes = false;
  bool totals = false;
};

std::string g_current;

void on_check_failure(std::string_view report) {
  std::fprintf(stderr, "%.*s\n  replay: synod-simulate %s\n", static_cast<int>(report.size()),
               report.data(), g_current.c_str());
}

bool parse_number(const char* text, std::uint64_t& number) {
  char* end = nullptr;
  number = std::strtoull(text, &end, 10);
  return end != text && *end == '\0';
}

bool parse_founding(std::string_view text, synod::FoundingRule& rule) {
  rule = text == "quorum" ? synod::FoundingRule::kQuorum : synod::FoundingRule::kAll;
  return text == "quorum" || text == "all";
}

bool parse_option(Arguments& arguments, const std::string& name, const char* value) {
  SimulationOptions& options = arguments.options;
  if (name == "--faults") return options.faults.parse(value);
  if (name == "--founding") return parse_founding(value, options.replica.founding);
  if (name == "--mutant") return synod::choose_mutant(value);
  std::uint64_t* const target = name == "--seed"          ? &options.seed
                                : name == "--seeds"       ? &arguments.seeds
                                : name == "--processes"   ? &arguments.processes
                                : name == "--nodes"       ? &options.nodes
                                : name == "--entries"     ? &options.entries
                                : name == "--concurrency" ? &options.concurrency
                                                          : nullptr;
  return target != nullptr && parse_number(value, *target);
}

// Every node has all of them, in the order in which a program would have them.
std::vector<std::unique_ptr<synod::Decoration>> decorate(synod::NodeId /*node*/) {
  std::vector<std::unique_ptr<synod::Decoration>> decorations;
  auto leadership = std::make_unique<synod::TrackLeadership>();
  synod::TrackLeadership& leader = *leadership;
  decorations.push_back(std::move(leadership));
  decorations.push_back(std::make_unique<synod::Heartbeats>(leader));
  decorations.push_back(std::make_unique<synod::CatchUp>());
  decorations.push_back(std::make_unique<synod::Delegation>(leader));
  return decorations;
}

bool parse(int count, char** words, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string name = words[i];
    if (name == "--exactly") {
      arguments.options.exactly = true;
    } else if (name == "--quiet") {
      arguments.quiet = true;
    } else if (name == "--stop") {
      arguments.stop = true;
    } else if (name == "--probes") {
      arguments.probes = true;
    } else if (name == "--totals") {
      arguments.totals = true;
    } else if (name == "--decorations") {
      arguments.options.decorations = decorate;
    } else if (name == "--no-buggify") {
      arguments.options.buggify = false;
    } else if (name == "--trace") {
      arguments.options.trace = [](std::string_view line) {
        std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
      };
    } else {
      if (++i == count || !parse_option(arguments, name, words[i])) return false;
    }
  }
  const SimulationOptions& options = arguments.options;
  return options.nodes >= 1 && options.nodes <= 60 && options.concurrency >= 1 &&
         arguments.processes >= 1;
}

// What many seeds came to. Zeros are what none did.
struct Totals {
  std::uint64_t seeds = 0;
  std::uint64_t unrecoverable = 0;
  std::uint64_t seconds = 0;  // Simulated.
  std::uint64_t messages = 0;
  std::uint64_t histories = 0;
  std::uint64_t operations = 0;
  FaultCounts struck;
  ProbeCounts reached;

  void add(const Report& report) {
    seeds += 1;
    unrecoverable += report.unrecoverable.empty() ? 0 : 1;
    seconds += static_cast<std::uint64_t>(report.simulated.count()) / 1'000'000;
    messages += report.messages;
    histories += report.checked.histories;
    operations += report.checked.operations;
    for (std::size_t i = 0; i < struck.size(); ++i) struck[i] += report.struck[i];
    reached.add(report.probes);
  }
  void add(const Totals& other) {
    seeds += other.seeds;
    unrecoverable += other.unrecoverable;
    seconds += other.seconds;
    messages += other.messages;
    histories += other.histories;
    operations += other.operations;
    for (std::size_t i = 0; i < struck.size(); ++i) struck[i] += other.struck[i];
    reached.add(other.reached);
  }
  void print() const {
    std::printf("%" PRIu64 " seeds, %" PRIu64 " beyond recovery, %" PRIu64
                " simulated hours, %" PRIu64 " messages, %" PRIu64 " operations in %" PRIu64
                " histories\n",
                seeds, unrecoverable, seconds / 3600, messages, operations, histories);
    for (std::size_t i = 0; i < struck.size(); ++i) {
      const std::string name(to_string(static_cast<synod::simulation::Fault>(i)));
      std::printf("  %-24s %" PRIu64 "\n", name.c_str(), struck[i]);
    }
  }
};

// Every `processes`-th seed, from the `offset`-th on. False where one failed.
bool play(Arguments arguments, std::uint64_t offset, Totals& totals) {
  bool ok = true;
  const std::uint64_t first = arguments.options.seed;
  for (std::uint64_t i = offset; i < arguments.seeds; i += arguments.processes) {
    arguments.options.seed = first + i;
    g_current = "--seed " + std::to_string(first + i) + " and the same options";
    const Report report = synod::simulation::simulate(arguments.options);
    ok = ok && report.ok();
    totals.add(report);
    if (report.ok() && arguments.quiet) continue;
    std::printf("%s, hash %016llx\n", report.text().c_str(),
                static_cast<unsigned long long>(report.trace_hash));
    std::fflush(stdout);
    if (!ok && arguments.stop) break;
  }
  return ok;
}

// Each has its place in memory that they share, for what its seeds reached.
bool play_in_processes(const Arguments& arguments, Totals& totals) {
  const std::size_t size = arguments.processes * sizeof(Totals);
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  auto* const parts = static_cast<Totals*>(memory);  // Zeros, as it came.
  std::vector<pid_t> children;
  for (std::uint64_t i = 0; i < arguments.processes; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(play(arguments, i, parts[i]) ? 0 : 1);
    children.push_back(child);
  }
  bool ok = true;
  for (const pid_t child : children) {
    int status = 0;
    ok = child > 0 && waitpid(child, &status, 0) == child && status == 0 && ok;
    if (WIFSIGNALED(status))
      std::fprintf(stderr, "a process died of signal %d\n", WTERMSIG(status));
  }
  for (std::uint64_t i = 0; i < arguments.processes; ++i) totals.add(parts[i]);
  munmap(memory, size);
  return ok;
}

// One to a line: name, what it stands for, what it breaks, how to start; with tabs.
int list_mutants() {
  for (const synod::Mutant& mutant : synod::kMutants) {
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

int main(int count, char** words) {
  if (count == 2 && std::strcmp(words[1], "--mutants") == 0) return list_mutants();
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  synod::set_check_failure_handler(on_check_failure);
  Totals totals = {};
  const bool ok =
      arguments.processes == 1 ? play(arguments, 0, totals) : play_in_processes(arguments, totals);
  if (arguments.seeds > 1 || arguments.probes) {
    std::printf("%llu seeds %s; reached %s\n", static_cast<unsigned long long>(arguments.seeds),
                ok ? "ok" : "FAILED", totals.reached.text().c_str());
  }
  if (arguments.totals) totals.print();
  if (arguments.probes) std::printf("not reached:\n%s", totals.reached.unreached().c_str());
  return ok ? 0 : 1;
}
