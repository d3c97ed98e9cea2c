#include <synod/prng.hpp>

#include <bit>
#include <limits>

#include <synod/check.hpp>
#include <synod/hash.hpp>

namespace synod {

Prng::Prng(std::uint64_t seed) {
  // Consecutive seeds give unrelated states, and never the all-zero one, which would stay zero.
  for (std::uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15ull;
    word = mix(seed);
  }
}

std::uint64_t Prng::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Prng::below(std::uint64_t bound) {
  SYNOD_CHECK(bound > 0, "there is no number below zero");
  // Draws below 2^64 mod bound are thrown away: what is left divides evenly.
  const std::uint64_t uneven = (0 - bound) % bound;
  std::uint64_t draw = next();
  while (draw < uneven) draw = next();
  return draw % bound;
}

Duration Prng::between(Duration low, Duration high) {
  SYNOD_CHECK(low <= high, "an interval has its ends in order");
  const std::uint64_t width =
      static_cast<std::uint64_t>(high.count()) - static_cast<std::uint64_t>(low.count());
  const bool whole_range = width == std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t steps = whole_range ? next() : below(width + 1);
  return Duration(static_cast<std::int64_t>(static_cast<std::uint64_t>(low.count()) + steps));
}

bool Prng::chance(double probability) {
  // The upper 53 bits as a number in [0, 1): exact in a double.
  constexpr double kStep = 1.0 / static_cast<double>(1ull << 53);
  return static_cast<double>(next() >> 11) * kStep < probability;
}

EntryId Prng::entry_id() {
  EntryId id;
  while (id.is_nil()) {
    id.high = next();
    id.low = next();
  }
  return id;
}

Prng Prng::fork() { return Prng(next()); }

}  // namespace synod
