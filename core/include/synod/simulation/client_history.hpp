// File: client_history.hpp
//
// What clients did in one run, as a history: attempts at one entry are one operation, from the
// first attempt to the first answer that says that it took effect.
#pragma once

#include <cstdint>
#include <map>
#include <string>
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

  struct Read {
    std::uint64_t client = 0;
    std::uint64_t invoked = 0;
    std::uint64_t returned = kNever;
    NodeId node;
    RoundNum applied;        // By that node, when it was read.
    std::uint64_t seed = 0;  // Says what was looked at …
    std::string text;        // … and what was there.
  };

  // Counts whatever happens; of two moments the lower one was before.
  [[nodiscard]] std::uint64_t now() { return ++moment_; }

  void append_begins(std::uint64_t client, const EntryId& id);
  void append_ends(const EntryId& id, const absl::StatusOr<AppendReceipt>& result);

  void read_begins(std::uint64_t client);
  // To be filled in further. Requires: the client began one.
  Read& read_ends(std::uint64_t client, NodeId node, RoundNum applied);

  [[nodiscard]] const std::vector<Append>& appends() const { return appends_; }
  // Those that ended.
  [[nodiscard]] const std::vector<Read>& reads() const { return reads_; }

 private:
  std::uint64_t moment_ = 0;
  std::vector<Append> appends_;
  std::map<EntryId, std::size_t> places_;
  std::map<std::uint64_t, std::uint64_t> reading_;  // By client: since when.
  std::vector<Read> reads_;
};

}  // namespace synod::simulation
