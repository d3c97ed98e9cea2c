#include <synod/probe.hpp>

#include <algorithm>
#include <span>
#include <utility>

#include <synod/hash.hpp>

namespace synod {
namespace {

// Of the whole: a draw below it happens one time in four.
constexpr std::uint64_t kQuarter = 1ull << 62;

// Where the draws of one site begin; the same for each of them.
std::uint64_t stream_of(std::uint64_t seed, std::string_view name) {
  const std::uint64_t site = fingerprint(std::as_bytes(std::span(name)));
  return mix(seed ^ mix(site));
}

std::size_t nonzero(std::span<const std::uint64_t> counts) {
  return static_cast<std::size_t>(
      std::count_if(counts.begin(), counts.end(), [](std::uint64_t count) { return count != 0; }));
}

}  // namespace

constinit thread_local Probes* probe_internal::current = nullptr;

void ProbeCounts::add(const ProbeCounts& other) {
  for (std::size_t i = 0; i < marks.size(); ++i) marks[i] += other.marks[i];
  for (std::size_t i = 0; i < fired.size(); ++i) fired[i] += other.fired[i];
}

std::size_t ProbeCounts::marks_reached() const { return nonzero(marks); }

std::size_t ProbeCounts::sites_fired() const { return nonzero(fired); }

std::string ProbeCounts::text() const {
  return std::to_string(marks_reached()) + " of " + std::to_string(marks.size()) + " marks, " +
         std::to_string(sites_fired()) + " of " + std::to_string(fired.size()) + " buggify sites";
}

std::string ProbeCounts::unreached() const {
  std::string text;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (marks[i] == 0) text += "  " + std::string(kMarkNames[i]) + "\n";
  }
  for (std::size_t i = 0; i < fired.size(); ++i) {
    if (fired[i] == 0) text += "  buggify " + std::string(kBuggifyNames[i]) + "\n";
  }
  return text;
}

Probes::Probes(std::uint64_t seed, bool buggify) {
  for (std::size_t i = 0; i < kBuggifyCount; ++i) {
    streams_[i] = stream_of(seed, kBuggifyNames[i]);
    active_[i] = buggify && mix(streams_[i]) < kQuarter;
  }
}

bool Probes::fires(std::size_t site) {
  if (!active_[site]) return false;
  if (mix(streams_[site] + ++asked_[site]) >= kQuarter) return false;
  ++counts_.fired[site];
  return true;
}

ProbeScope::ProbeScope(Probes& probes) : before_(std::exchange(probe_internal::current, &probes)) {}

ProbeScope::~ProbeScope() { probe_internal::current = before_; }

}  // namespace synod
