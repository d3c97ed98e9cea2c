// File: probe.hpp
//
// How a simulation sees and steers what happens inside a node. Two kinds of site, always compiled
// in, and idle unless this thread has a Probes:
//
//   SYNOD_MARK("journal.torn-tail-cut");             a rare path was reached
//   if (SYNOD_BUGGIFY("proposer.batch-of-one")) …    be legal, but unlikely: early, small, twice
//
// A site needs no registration that could be dropped by a linker or missed by not being run: its
// name stands in synod/probe_names.hpp, a site with any other name does not compile, and tests/tidy
// fails where a name there has no site or two. So what is declared is known without being reached.
//
// An idle site costs one load of a thread-local pointer and one branch; it still does not belong
// where something happens for every entry.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include <synod/probe_names.hpp>

namespace synod {

inline constexpr std::size_t kMarkCount = std::size(kMarkNames);
inline constexpr std::size_t kBuggifyCount = std::size(kBuggifyNames);

// Which sites were reached, and how often each.
struct ProbeCounts {
  std::array<std::uint64_t, kMarkCount> marks = {};
  std::array<std::uint64_t, kBuggifyCount> fired = {};

  void add(const ProbeCounts& other);
  [[nodiscard]] std::size_t marks_reached() const;
  [[nodiscard]] std::size_t sites_fired() const;
  // For a person: "51 of 70 marks, 12 of 24 buggify sites".
  [[nodiscard]] std::string text() const;
  // The names of what was not reached, one to a line, indented by two.
  [[nodiscard]] std::string unreached() const;
};

// Counts what is reached, and decides for each SYNOD_BUGGIFY. Deterministic: whether a site is
// active follows from the seed and its name (one in four is), and whether an active one fires, from
// these and from how often it was asked (one time in four). Neither the order of sites nor other
// sites matter.
class Probes {
 public:
  // With `buggify` false no site fires.
  explicit Probes(std::uint64_t seed, bool buggify = true);

  void reach(std::size_t mark) { ++counts_.marks[mark]; }
  [[nodiscard]] bool fires(std::size_t site);
  [[nodiscard]] bool is_active(std::size_t site) const { return active_[site]; }
  [[nodiscard]] const ProbeCounts& counts() const { return counts_; }

 private:
  std::array<std::uint64_t, kBuggifyCount> streams_ = {};  // What each site draws from.
  std::array<bool, kBuggifyCount> active_ = {};
  std::array<std::uint64_t, kBuggifyCount> asked_ = {};
  ProbeCounts counts_;
};

// Makes `probes` those of this thread for as long as it lives.
class ProbeScope {
 public:
  explicit ProbeScope(Probes& probes);
  ~ProbeScope();
  ProbeScope(const ProbeScope&) = delete;
  ProbeScope& operator=(const ProbeScope&) = delete;

 private:
  Probes* before_;
};

namespace probe_internal {

extern constinit thread_local Probes* current;

// Not constant on purpose: calling it ends the compilation.
inline void this_name_is_not_in_the_list() {}

template <std::size_t N>
consteval std::size_t place_of(std::string_view name, const std::string_view (&names)[N]) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return i;
  }
  this_name_is_not_in_the_list();
  return N;
}
consteval std::size_t mark(std::string_view name) { return place_of(name, kMarkNames); }
consteval std::size_t buggify(std::string_view name) { return place_of(name, kBuggifyNames); }

inline void reach(std::size_t mark) {
  if (current != nullptr) [[unlikely]]
    current->reach(mark);
}
[[nodiscard]] inline bool fires(std::size_t site) {
  return current != nullptr && current->fires(site);
}

}  // namespace probe_internal
}  // namespace synod

#define SYNOD_MARK(name) ::synod::probe_internal::reach(::synod::probe_internal::mark(name))
#define SYNOD_BUGGIFY(name) ::synod::probe_internal::fires(::synod::probe_internal::buggify(name))
