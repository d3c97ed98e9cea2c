// File: retry.hpp
//
// The stock policies for failed attempts; a user's own derives from RetryPolicy (decoration.hpp).
#pragma once

#include <memory>

#include <synod/decoration.hpp>

namespace synod {

// Never again.
[[nodiscard]] std::shared_ptr<RetryPolicy> do_not_retry();
// At once, up to `attempts` in all.
[[nodiscard]] std::shared_ptr<RetryPolicy> retry_bounded(std::uint32_t attempts);
// After a random pause of up to `first`, doubling each time up to `longest`; up to `attempts` in all.
[[nodiscard]] std::shared_ptr<RetryPolicy> retry_with_back_off(Duration first, Duration longest,
                                                               std::uint32_t attempts);
// The same, for as long as the append's deadline allows; the default.
[[nodiscard]] std::shared_ptr<RetryPolicy> retry_until_deadline(
    Duration first = std::chrono::milliseconds(5),
    Duration longest = std::chrono::milliseconds(200));

}  // namespace synod
