// Plays simulated clusters from the command line: one seed, or many in several processes.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <synod/check.hpp>
#include <synod/simulation/cluster.hpp>

namespace {

using synod::simulation::Report;
using synod::simulation::SimulationOptions;

constexpr const char* kUsage =
    "usage: synod-simulate [--seed S] [--seeds N] [--processes P] [--nodes N] [--entries N]\n"
    "                      [--concurrency N] [--faults LIST|all|none] [--founding all|quorum]\n"
    "                      [--exactly] [--trace] [--quiet]\n"
    "Plays seeds S to S+N-1. The seed draws some of the fault classes in LIST; with --exactly all\n"
    "of them are on. Exit status: 0 all is well, 1 an invariant was broken, 2 wrong usage.\n";

struct Arguments {
  SimulationOptions options;
  std::uint64_t seeds = 1;
  std::uint64_t processes = 1;
  bool quiet = false;
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
  std::uint64_t* const target = name == "--seed"          ? &options.seed
                                : name == "--seeds"       ? &arguments.seeds
                                : name == "--processes"   ? &arguments.processes
                                : name == "--nodes"       ? &options.nodes
                                : name == "--entries"     ? &options.entries
                                : name == "--concurrency" ? &options.concurrency
                                                          : nullptr;
  return target != nullptr && parse_number(value, *target);
}

bool parse(int count, char** words, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string name = words[i];
    if (name == "--exactly") {
      arguments.options.exactly = true;
    } else if (name == "--quiet") {
      arguments.quiet = true;
    } else if (name == "--trace") {
      arguments.options.trace = [](std::string_view line) {
        std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
      };
    } else {
      if (++i == count || !parse_option(arguments, name, words[i])) return false;
    }
  }
  const SimulationOptions& options = arguments.options;
  return options.nodes >= 1 && options.nodes <= 64 && options.concurrency >= 1 &&
         arguments.processes >= 1;
}

// Every `processes`-th seed, from the `offset`-th on. False where one failed.
bool play(Arguments arguments, std::uint64_t offset) {
  bool ok = true;
  const std::uint64_t first = arguments.options.seed;
  for (std::uint64_t i = offset; i < arguments.seeds; i += arguments.processes) {
    arguments.options.seed = first + i;
    g_current = "--seed " + std::to_string(first + i) + " and the same options";
    const Report report = synod::simulation::simulate(arguments.options);
    ok = ok && report.ok();
    if (report.ok() && arguments.quiet) continue;
    std::printf("%s, hash %016llx\n", report.text().c_str(),
                static_cast<unsigned long long>(report.trace_hash));
    std::fflush(stdout);
  }
  return ok;
}

bool play_in_processes(const Arguments& arguments) {
  std::vector<pid_t> children;
  for (std::uint64_t i = 0; i < arguments.processes; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(play(arguments, i) ? 0 : 1);
    children.push_back(child);
  }
  bool ok = true;
  for (const pid_t child : children) {
    int status = 0;
    ok = child > 0 && waitpid(child, &status, 0) == child && status == 0 && ok;
  }
  return ok;
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  synod::set_check_failure_handler(on_check_failure);
  const bool ok = arguments.processes == 1 ? play(arguments, 0) : play_in_processes(arguments);
  return ok ? 0 : 1;
}
