#include <synod/simulation/check_result.hpp>

#include <algorithm>
#include <cstdio>

namespace synod::simulation {
namespace {

constexpr std::size_t kViolationsShown = 4;

std::string counted(std::uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what;
}

std::string hours(Duration duration) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.2f",
                static_cast<double>(duration.count()) / 3'600'000'000.0);
  return text;
}

std::string totals(const CheckResult& result) {
  std::string text = counted(result.rounds, "rounds, ") +
                     counted(result.acknowledged, "acknowledged appends, ") +
                     counted(result.reads, "reads, ") + counted(result.messages, "messages, ") +
                     hours(result.simulated) + " simulated hours";
  text += "\n  compared: " + counted(result.compared.states, "states, ") +
          counted(result.compared.outcomes, "outcomes, ") +
          counted(result.compared.copies, "restored copies, ") +
          counted(result.checked.operations, "operations in ") +
          counted(result.checked.histories, "histories");
  text += "\n  struck: " + counted(result.compared.snapshots, "snapshots loaded");
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (result.struck[i] == 0) continue;
    text += ", " + std::string(to_string(static_cast<Fault>(i))) + " " +
            std::to_string(result.struck[i]);
  }
  return text;
}

}  // namespace

std::string CheckResult::text() const {
  if (ok()) return counted(seeds, "seeds ok: ") + totals(*this);
  std::string text = "seed " + std::to_string(failed_seed) + " FAILED";
  for (std::size_t i = 0; i < std::min(kViolationsShown, violations.size()); ++i) {
    text += "\n  " + violations[i];
  }
  if (!fails_again) {
    text +=
        "\n  A second run of this seed did not fail in this way: what goes wrong depends on "
        "something outside of the simulation, like a clock, an address, or memory that is not "
        "initialised.";
  }
  if (!trace.empty()) text += "\n  The last events before:";
  for (const std::string& line : trace) text += "\n    " + line;
  return text + "\n  replay: " + replay + "\n  so far: " + counted(seeds, "seeds, ") +
         totals(*this);
}

}  // namespace synod::simulation
