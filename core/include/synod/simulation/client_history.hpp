// File: client_history.hpp
//
// What clients did in one run, as a history: attempts at one entry are one operation, from the
// first attempt to the first answer that says that it took effect.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <absl/status/statusor.h>

#include <synod/decoration.hpp>
#include <synod/simulation/linearizability.hpp>
#include <synod/types.hpp>

namespace synod::simulation {

class ClientHistory {
 public:
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  struct Append {
    std::uint64_t client = 0;
    EntryId id;
    std::uint64_t invoked = 0;
    std::uint64_t returned = kNever;  // Nobody was told that it took effect.
    RoundNum round;                   // In which it did; 0: not known.
    std::uint64_t undecided = 0;      // Attempts that may have placed it, or may still.

    // No attempt can have had an effect.
    [[nodiscard]] bool did_not_happen() const { return returned == kNever && undecided == 0; }
  };

  // Counts whatever happens; of two moments the lower one was before.
  [[nodiscard]] std::uint64_t now() { return ++moment_; }

  void append_begins(std::uint64_t client, const EntryId& id);
  void append_ends(const EntryId& id, const absl::StatusOr<AppendReceipt>& result);

  [[nodiscard]] const std::vector<Append>& appends() const { return appends_; }
  // Its place in appends(). Requires: it was begun.
  [[nodiscard]] std::size_t place_of(const EntryId& id) const { return places_.at(id); }

 private:
  std::uint64_t moment_ = 0;
  std::vector<Append> appends_;
  std::map<EntryId, std::size_t> places_;
};

}  // namespace synod::simulation
