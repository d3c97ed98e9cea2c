// File: answers.hpp
//
// What the clients' port answers, each a line without its end:
//   ok VALUE round=R | refused REASON | failed REASON | unknown REASON | error REASON
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <absl/status/status.h>
#include <synod/node_options.hpp>
#include <synod/types.hpp>

#include "calculator.hpp"

namespace calculator {

// What the state says of itself, as a read takes it out.
struct Reading {
  double value = 0.0;
  synod::RoundNum round;
  std::uint64_t operations = 0;
};

[[nodiscard]] std::string to_line(const Result& result);
[[nodiscard]] std::string to_line(const Reading& reading);
// Of an operation that failed: `failed` where it did not happen, `unknown` where it may have, or may
// yet happen.
[[nodiscard]] std::string failed_operation(const absl::Status& status);
// Of anything else, which has no effect.
[[nodiscard]] std::string failed_request(const absl::Status& status);
// One line of key=value; `reading` is nothing where there is no state, `leader` where none is known.
[[nodiscard]] std::string status_line(const synod::NodeStatus& status,
                                      std::optional<synod::NodeId> leader,
                                      const std::optional<Reading>& reading);
// How a node takes part, for the log: participation=passive reason=memory-lost further_losses=0 …
[[nodiscard]] std::string participation_line(const synod::NodeStatus& status);

}  // namespace calculator
