// File: prng.hpp
//
// A small random generator (xoshiro256**, Blackman and Vigna 2018) whose draws are the same with
// every standard library, so that a seed replays everywhere. Not for secrets.
#pragma once

#include <cstdint>

#include <synod/types.hpp>

namespace synod {

class Prng {
 public:
  explicit Prng(std::uint64_t seed);

  // Any 64 bits.
  std::uint64_t next();
  // Uniform in [0, bound). Requires: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [low, high], both included.
  Duration between(Duration low, Duration high);
  // True with the given probability in [0, 1].
  bool chance(double probability);
  // A non-nil id.
  EntryId entry_id();
  // A generator whose draws do not disturb this one's.
  Prng fork();

 private:
  std::uint64_t state_[4];
};

}  // namespace synod
