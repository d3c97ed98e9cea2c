// The one line that plays a run again.
#include <synod/simulation/cluster.hpp>

namespace synod::simulation {
namespace {

std::string text_of(const std::vector<std::uint64_t>& numbers) {
  std::string text;
  for (const std::uint64_t number : numbers) {
    if (!text.empty()) text += ",";
    text += std::to_string(number);
  }
  return text.empty() ? "none" : text;
}

std::string cluster_of(const SimulationOptions& options) {
  const std::string nodes = std::to_string(options.nodes);
  if (options.policy == QuorumPolicy{}) return " --nodes " + nodes;
  return " --cluster " + nodes + ":" + std::to_string(options.policy.phase1) + "/" +
         std::to_string(options.policy.phase2);
}

}  // namespace

std::string replay_line(const SimulationOptions& options) {
  std::string line = "synod-simulate --seed " + std::to_string(options.seed) + cluster_of(options) +
                     " --entries " + std::to_string(options.entries) + " --concurrency " +
                     std::to_string(options.concurrency) + " --faults " + options.faults.text();
  if (options.replica.founding == FoundingRule::kQuorum) line += " --founding quorum";
  if (options.exactly) line += " --exactly";
  if (!options.buggify) line += " --no-buggify";
  if (options.decorations) line += " --decorations";
  if (options.strikes) line += " --strikes " + text_of(*options.strikes);
  if (options.until != Duration::max()) {
    line += " --until " + std::to_string(options.until.count()) + "us";
  }
  return line;
}

}  // namespace synod::simulation
