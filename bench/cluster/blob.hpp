// The entry of the benchmarks and the state that counts them.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include <cereal/types/array.hpp>

#include <synod/state.hpp>

#include "cluster/process.hpp"

namespace synod::bench {

// A message's bytes: an id and something beside it.
struct Blob {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::array<std::uint8_t, kMessageBytes - 16> rest = {};

  [[nodiscard]] EntryId id() const { return {high, low}; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(high, low, rest);
  }
};
static_assert(sizeof(Blob) == kMessageBytes);

struct BlobCount {
  using Entry = Blob;
  using Outcome = std::uint64_t;

  Outcome apply(const ApplyContext&, const Blob&) { return ++count; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(count);
  }

  std::uint64_t count = 0;
};

}  // namespace synod::bench
