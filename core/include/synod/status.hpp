// File: status.hpp
//
// An append that failed, as an absl::Status, and back: one table for both ways.
#pragma once

#include <optional>

#include <absl/status/status.h>

#include <synod/append.hpp>

namespace synod {

// The error travels as the status's payload.
//   kLost kRailroaded                           -> kAborted
//   kNoQuorum kPassive kOverloaded kStorage     -> kUnavailable
//   kConverged kExpired                         -> kOutOfRange
//   kDisoriented kExiled                        -> kFailedPrecondition
//   kUnacceptable                               -> kPermissionDenied
//   kShutDown                                   -> kCancelled
//   kDeadline                                   -> kDeadlineExceeded
//   kSkipped                                    -> kUnknown
//   kTooLarge                                   -> kInvalidArgument
//   kAlreadyApplied                             -> kAlreadyExists
//   kDecoration                                 -> kFailedPrecondition
[[nodiscard]] absl::Status to_status(const AppendError& error);
// What to_status() was given; nothing for any other status.
[[nodiscard]] std::optional<AppendError> append_error(const absl::Status& status);

}  // namespace synod
