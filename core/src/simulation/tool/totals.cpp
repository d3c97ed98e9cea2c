#include "simulation/tool/totals.hpp"

#include <cinttypes>
#include <cstdio>
#include <string>

namespace synod::simulation::tool {

void Totals::add(const Report& report) {
  seeds += 1;
  failed += report.ok() ? 0 : 1;
  unrecoverable += report.unrecoverable.empty() ? 0 : 1;
  seconds += static_cast<std::uint64_t>(report.simulated.count()) / 1'000'000;
  messages += report.messages;
  histories += report.checked.histories;
  operations += report.checked.operations;
  damage.bytes += report.damage.bytes;
  damage.detected += report.damage.detected;
  damage.repaired += report.damage.repaired;
  for (std::size_t i = 0; i < struck.size(); ++i) struck[i] += report.struck[i];
  reached.add(report.probes);
}

void Totals::print() const {
  std::printf("%" PRIu64 " seeds, %" PRIu64 " beyond recovery, %" PRIu64
              " simulated hours, %" PRIu64 " messages, %" PRIu64 " operations in %" PRIu64
              " histories\n",
              seeds, unrecoverable, seconds / 3600, messages, operations, histories);
  std::printf("%" PRIu64 " bytes damaged on disks, %" PRIu64 " memories given up for it, %" PRIu64
              " of these nodes voted again\n",
              damage.bytes, damage.detected, damage.repaired);
  for (std::size_t i = 0; i < struck.size(); ++i) {
    const std::string name(to_string(static_cast<Fault>(i)));
    std::printf("  %-24s %" PRIu64 "\n", name.c_str(), struck[i]);
  }
}

}  // namespace synod::simulation::tool
