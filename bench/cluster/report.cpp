#include "cluster/report.hpp"

#include <algorithm>
#include <cstdio>

namespace synod::bench {
namespace {

double rate_of(const Window& window) { return window.rate(); }
double p50_of(const Window& window) { return window.p50; }
double processor_of(const Window& window) { return window.processor; }
double per_sync_of(const Window& window) { return window.entries_per_sync; }

std::vector<double> sorted(const std::vector<Window>& windows, double (*field)(const Window&)) {
  std::vector<double> values;
  for (const Window& window : windows) values.push_back(field(window));
  std::sort(values.begin(), values.end());
  return values;
}

void print_aim(const char* aim, const char* unit, double limit, double measured, bool at_most) {
  const bool met = at_most ? measured <= limit : measured >= limit;
  std::printf("aim %s: %s %.2f %s, measured %.2f, %s\n", aim, at_most ? "at most" : "at least",
              limit, unit, measured, met ? "met" : "missed");
}

}  // namespace

double Report::median(const std::string& name, std::uint32_t outstanding, Field field) const {
  const std::vector<double> values = sorted(windows_.at({name, outstanding}), field);
  return values[values.size() / 2];
}

void Report::print_table() const {
  std::printf("\n%-24s %6s %11s %6s %9s %9s %8s %8s %8s %8s %7s %7s %5s\n", "system", "outst.",
              "entries/s", "±%", "p50 µs", "p99 µs", "cpu µs", "ent/sync", "msg/ent", "call/ent",
              "alloc 1", "alloc 2", "fail");
  for (const auto& [key, windows] : windows_) {
    const auto& [name, outstanding] = key;
    const auto middle = [&](Field field) { return median(key.first, key.second, field); };
    const std::vector<double> rates = sorted(windows, rate_of);
    const double spread = 50 * (rates.back() - rates.front()) / std::max(middle(rate_of), 1.0);
    std::printf("%-24s %6u %11.0f %6.1f %9.1f %9.1f %8.2f %8.1f %8.3f %8.3f %7.2f %7.2f %5.0f\n",
                name.c_str(), outstanding, middle(rate_of), spread, middle(p50_of),
                middle([](const Window& w) { return w.p99; }), middle(processor_of),
                middle(per_sync_of), middle([](const Window& w) { return w.messages; }),
                middle([](const Window& w) { return w.socket_calls; }),
                middle([](const Window& w) { return w.leader_allocations; }),
                middle([](const Window& w) { return w.follower_allocations; }),
                middle([](const Window& w) { return w.failed; }));
  }
}

void Report::print_aims() const {
  std::printf("\n");
  const std::string pinned = ", pinned";
  if (has("memory" + pinned, 1) && has("fan-out" + pinned, 1)) {
    print_aim("memory, 1 outstanding, pinned, p50", "x that of the fan-out", 3.0,
              median("memory" + pinned, 1, p50_of) / median("fan-out" + pinned, 1, p50_of), true);
  }
  for (const auto& [outstanding, part] : {std::pair{64u, 15.0}, std::pair{512u, 10.0}}) {
    if (!has("memory", outstanding) || !has("fan-out", outstanding)) continue;
    const std::string aim = "memory, " + std::to_string(outstanding) + " outstanding, entries/s";
    print_aim(
        aim.c_str(), "% of the fan-out's", part,
        100 * median("memory", outstanding, rate_of) / median("fan-out", outstanding, rate_of),
        false);
  }
  for (const char* name : {"memory", "memory, client"}) {
    if (!has(name, 512)) continue;
    const std::string aim = std::string(name) + ", 512 outstanding, processor time of all";
    print_aim(aim.c_str(), "µs per entry", 5.0, median(name, 512, processor_of), true);
  }
  if (has("journal", 1) && has("echo", 1) && has("3 syncs", 1)) {
    const double floor = median("echo", 1, p50_of) + median("3 syncs", 1, p50_of);
    print_aim("journal, 1 outstanding, p50", "x (round trip + sync by three at once)", 1.2,
              median("journal", 1, p50_of) / floor, true);
  }
  if (has("journal", 64)) {
    print_aim("journal, 64 outstanding", "entries per sync", 15.0,
              median("journal", 64, per_sync_of), false);
  }
  if (has("journal", 64) && has("journal", 1)) {
    print_aim("journal, 64 outstanding, entries/s", "x the one-outstanding rate", 5.0,
              median("journal", 64, rate_of) / median("journal", 1, rate_of), false);
  }
}

}  // namespace synod::bench
