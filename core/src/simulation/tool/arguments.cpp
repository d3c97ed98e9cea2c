#include "simulation/tool/arguments.hpp"

#include <charconv>
#include <map>
#include <utility>

#include "base/mutants.hpp"
#include "simulation/tool/decorate.hpp"

namespace synod::simulation::tool {

const char* const kUsage =
    "usage: synod-simulate [--seed S] [--seeds N] [FLAG…]\n"
    "       synod-simulate --mutants\n"
    "Plays simulated clusters, each from one seed.\n"
    "\n"
    "What is played\n"
    "  --seed S            the seed, or the first of them (1)\n"
    "  --seeds N           so many, S to S+N-1, in other processes than this one (1)\n"
    "  --nodes N           nodes (3)\n"
    "  --cluster N[:P/A]   the same, and quorums of P promises and A acceptances (majorities)\n"
    "  --entries N         appends before everything is healed (500)\n"
    "  --concurrency N     rounds at once (8)\n"
    "  --faults LIST       classes that may strike, with commas; all; none (all)\n"
    "  --exactly           all of these are on; without, each seed draws some\n"
    "  --founding RULE     by all founders or by a quorum of them: all, quorum (all)\n"
    "  --no-buggify        nodes do nothing unlikely, and have the usual limits\n"
    "  --decorations       every node has all of them\n"
    "  --mutant NAME       without this guard, in a build that has mutants; --mutants lists them\n"
    "  --strikes LIST      only these strikes happen, by their numbers; none\n"
    "  --until TIME        ends after so much virtual time: 2s, 1500ms, 90us\n"
    "What comes out\n"
    "  --trace             everything that happens, as lines\n"
    "  --html FILE         the run as a space-time diagram, for a browser\n"
    "  --from TIME         the diagram begins there\n"
    "  --events N          the diagram has at most so many, the last ones (200000)\n"
    "  --minimize          makes a failing run smaller, and says how to replay it\n"
    "  --quiet             says only which seeds fail\n"
    "  --stop              ends with the first seed that fails\n"
    "  --probes            lists the marks that no seed reached\n"
    "  --totals            sums, and how often each class of faults struck\n"
    "How\n"
    "  --processes N       so many seeds at the same time (1)\n"
    "  --limit SECONDS     a run that takes longer has failed; 0: it may (60 with --minimize)\n"
    "\n"
    "Exit status: 0 all is well, 1 an invariant was broken, 2 wrong usage, 130 interrupted.\n";

namespace {

bool parse_number(std::string_view text, std::uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stopped == end;
}

bool parse_time(std::string_view text, Duration& time) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) return false;
  const std::string_view unit = text.substr(digits);
  const std::int64_t factor = unit == "us" ? 1 : unit == "ms" ? 1000 : unit == "s" ? 1'000'000 : 0;
  std::uint64_t number = 0;
  if (factor == 0 || !parse_number(text.substr(0, digits), number)) return false;
  if (number > 1'000'000'000'000) return false;
  time = Duration(static_cast<std::int64_t>(number) * factor);
  return true;
}

bool parse_cluster(std::string_view text, SimulationOptions& options) {
  const std::size_t colon = text.find(':');
  std::uint64_t nodes = 0;
  if (!parse_number(text.substr(0, colon), nodes) || nodes < 1 || nodes > 60) return false;
  QuorumPolicy policy;
  if (colon != std::string_view::npos) {
    const std::string_view quorums = text.substr(colon + 1);
    const std::size_t slash = quorums.find('/');
    if (slash == std::string_view::npos) return false;
    if (!parse_number(quorums.substr(0, slash), policy.phase1)) return false;
    if (!parse_number(quorums.substr(slash + 1), policy.phase2)) return false;
    // The two phases of a round must meet.
    if (policy.phase1 + policy.phase2 <= nodes) return false;
    if (policy.phase1 > nodes || policy.phase2 > nodes) return false;
  }
  options.nodes = nodes;
  options.policy = policy;
  return true;
}

bool parse_founding(std::string_view text, SimulationOptions& options) {
  options.replica.founding = text == "quorum" ? FoundingRule::kQuorum : FoundingRule::kAll;
  return text == "quorum" || text == "all";
}

bool parse_strikes(std::string_view text, SimulationOptions& options) {
  std::vector<std::uint64_t> strikes;
  while (!text.empty() && text != "none") {
    const std::size_t comma = text.find(',');
    if (!parse_number(text.substr(0, comma), strikes.emplace_back())) return false;
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  options.strikes = std::move(strikes);
  return true;
}

// What a flag wants, for who gave it something else, and how it is read.
struct Flag {
  std::string wants;
  std::function<bool(std::string_view)> read;
};

Flag number_flag(std::uint64_t& number, std::uint64_t least) {
  return {least == 0 ? "a number" : "a number from 1 on", [&number, least](std::string_view text) {
            return parse_number(text, number) && number >= least;
          }};
}

std::map<std::string, Flag> flags_with_values(Arguments& arguments) {
  SimulationOptions& options = arguments.options;
  const auto cluster = [&](std::string_view text) { return parse_cluster(text, options); };
  const auto nodes = [&](std::string_view text) {
    return text.find(':') == std::string_view::npos && parse_cluster(text, options);
  };
  return {
      {"--seed", number_flag(options.seed, 0)},
      {"--seeds", number_flag(arguments.seeds, 1)},
      {"--entries", number_flag(options.entries, 0)},
      {"--concurrency", number_flag(options.concurrency, 1)},
      {"--processes", number_flag(arguments.processes, 1)},
      {"--limit", number_flag(arguments.limit, 0)},
      {"--events", number_flag(arguments.events, 1)},
      {"--cluster", {"1 to 60 nodes, and quorums that meet: 5 or 5:4/2", cluster}},
      {"--nodes", {"a number from 1 to 60", nodes}},
      {"--faults",
       {"fault classes with commas, all or none (the classes: " + Faults::everything().text() + ")",
        [&](std::string_view text) { return options.faults.parse(text); }}},
      {"--strikes",
       {"numbers with commas, or none",
        [&](std::string_view text) { return parse_strikes(text, options); }}},
      {"--founding",
       {"all or quorum", [&](std::string_view text) { return parse_founding(text, options); }}},
      {"--mutant", {"a mutant that this build has (--mutants lists them)", choose_mutant}},
      {"--until",
       {"a time as 2s, 1500ms or 90us",
        [&](std::string_view text) { return parse_time(text, options.until); }}},
      {"--from",
       {"a time as 2s, 1500ms or 90us",
        [&](std::string_view text) {
          Duration from{};
          if (!parse_time(text, from)) return false;
          arguments.from = Timestamp().after(from);
          return true;
        }}},
      {"--html",
       {"the name of a file",
        [&](std::string_view text) {
          arguments.html = text;
          return !text.empty();
        }}},
  };
}

bool* switch_called(const std::string& name, Arguments& arguments) {
  return name == "--exactly"    ? &arguments.options.exactly
         : name == "--trace"    ? &arguments.trace
         : name == "--quiet"    ? &arguments.quiet
         : name == "--stop"     ? &arguments.stop
         : name == "--probes"   ? &arguments.probes
         : name == "--totals"   ? &arguments.totals
         : name == "--mutants"  ? &arguments.mutants
         : name == "--minimize" ? &arguments.minimize
         : name == "--help"     ? &arguments.help
                                : nullptr;
}

std::optional<std::string> contradiction(const Arguments& arguments) {
  if (arguments.seeds > 1) {
    const char* const alone = arguments.minimize        ? "--minimize"
                              : !arguments.html.empty() ? "--html"
                              : arguments.trace         ? "--trace"
                                                        : nullptr;
    if (alone != nullptr) return std::string(alone) + " is for one seed: leave --seeds out";
  }
  if (arguments.minimize && arguments.trace) return "--minimize plays many runs: leave --trace out";
  if (arguments.from != Timestamp() && arguments.html.empty()) return "--from is for --html";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> parse(int count, const char* const* words, Arguments& arguments) {
  const std::map<std::string, Flag> flags = flags_with_values(arguments);
  for (int i = 1; i < count; ++i) {
    std::string name = words[i];
    if (bool* const found = switch_called(name, arguments)) {
      *found = true;
      continue;
    }
    if (name == "--no-buggify") {
      arguments.options.buggify = false;
      continue;
    }
    if (name == "--decorations") {
      arguments.options.decorations = decorate;
      continue;
    }
    // --seed 7 and --seed=7 are the same.
    const std::size_t equals = name.find('=');
    const std::string attached = equals == std::string::npos ? "" : name.substr(equals + 1);
    name = name.substr(0, equals);
    const auto flag = flags.find(name);
    if (flag == flags.end()) return "there is no " + name;
    if (equals == std::string::npos && ++i == count) return name + " wants " + flag->second.wants;
    const std::string value = equals == std::string::npos ? words[i] : attached;
    if (!flag->second.read(value)) {
      return name + " wants " + flag->second.wants + ", not `" + value + "`";
    }
  }
  return contradiction(arguments);
}

}  // namespace synod::simulation::tool
