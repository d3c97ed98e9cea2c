// File: check.hpp
//
// SYNOD_CHECK guards what may never be false if this library is right. It is always on, in every
// build: a broken invariant of a consensus protocol must stop the process, because going on would
// spread the damage to other machines. It is never used on input from a network, a disk or a user.
#pragma once

#include <string_view>

namespace synod {

// Called with the text of the failed check just before the process aborts. A test or a simulator
// may install its own, which may throw or exit instead of returning.
using CheckFailureHandler = void (*)(std::string_view report);

// Installs `handler` and returns the one before. Not thread-safe: call it before nodes start.
CheckFailureHandler set_check_failure_handler(CheckFailureHandler handler);

[[noreturn]] void check_failed(const char* expression, std::string_view explanation,
                               const char* file, int line);

}  // namespace synod

// Aborts with the expression, the explanation and the place unless `condition` holds.
// `explanation` is evaluated only on failure and converts to std::string_view.
#define SYNOD_CHECK(condition, explanation)                                   \
  do {                                                                        \
    if (!(condition)) [[unlikely]] {                                          \
      ::synod::check_failed(#condition, (explanation), __FILE__, __LINE__);   \
    }                                                                         \
  } while (false)
