// The first thing that each side of a connection says. It has one size, so that a stranger costs no
// more than that.
#pragma once

#include <synod/types.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace synod::tcp_detail {

inline constexpr std::size_t kHelloBytes = 44;

struct Hello {
  std::uint16_t version = 0;
  ClusterId cluster;
  NodeId id;
  Incarnation incarnation;
  // Drawn at each start: tells a connection of a process that is gone from one of this process.
  std::uint64_t session = 0;
};

enum class HelloStatus : std::uint8_t {
  kSound,
  kNone,          // Something else, or damaged.
  kOtherVersion,
};

[[nodiscard]] std::array<std::byte, kHelloBytes> encode_hello(const Hello& hello);
[[nodiscard]] HelloStatus decode_hello(std::span<const std::byte, kHelloBytes> bytes, Hello& hello);

}  // namespace synod::tcp_detail
