// File: register_model.hpp
//
// The model that most histories are checked against: numbers by key, 0 at first, that can be
// written, read, and replaced where they are what somebody expects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <synod/simulation/linearizability.hpp>

namespace synod::simulation {

struct RegisterModel {
  using State = std::uint64_t;
  struct Input {
    enum class Kind : std::uint8_t { kRead, kWrite, kReplace };
    std::uint64_t key = 0;
    Kind kind = Kind::kRead;
    std::uint64_t value = 0;     // Written.
    std::uint64_t expected = 0;  // By a kReplace; where it is not there, nothing is written.
  };
  // Of a read: what was there. Of a replacement: 1 if it was made, else 0. Of a write: nothing.
  using Output = std::uint64_t;

  [[nodiscard]] static State initial() { return 0; }
  [[nodiscard]] static std::uint64_t key(const Input& input) { return input.key; }
  [[nodiscard]] static std::optional<State> step(State state, const Input& input,
                                                 const std::optional<Output>& output);
};

using RegisterOperation = OperationOf<RegisterModel>;
using RegisterHistory = HistoryOf<RegisterModel>;

[[nodiscard]] inline RegisterModel::Input read_of(std::uint64_t key) { return {.key = key}; }
[[nodiscard]] inline RegisterModel::Input write_of(std::uint64_t key, std::uint64_t value) {
  return {.key = key, .kind = RegisterModel::Input::Kind::kWrite, .value = value};
}
[[nodiscard]] inline RegisterModel::Input replace_of(std::uint64_t key, std::uint64_t expected,
                                                     std::uint64_t value) {
  return {key, RegisterModel::Input::Kind::kReplace, value, expected};
}

// For histories in which no two writes of a key write one value, and none writes 0: gives a write
// that never returned the return of the first read that saw it, and takes out what nobody saw. No
// verdict changes, and the search is left with nothing indeterminate but replacements.
[[nodiscard]] RegisterHistory bound_by_reads(const RegisterHistory& history);

// "client 2 reads k3: 17 [4, 9]".
[[nodiscard]] std::string to_string(const RegisterOperation& operation);
// The verdict, and what to look at, in lines.
[[nodiscard]] std::string describe(const LinearizabilityResult& result,
                                   const RegisterHistory& history);

}  // namespace synod::simulation
