// A stream of bytes taken apart into frames.
#pragma once

#include <synod/communicator.hpp>
#include <synod/limits.hpp>
#include <synod/types.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace synod::tcp_detail {

// Why a stream cannot be read on.
enum class StreamFault : std::uint8_t { kNone, kTooLong, kDamaged, kOtherVersion };

// Memory grows only with bytes that came: a frame that claims to be large gets more room once the room
// that there was is full.
class TcpFrames {
 public:
  TcpFrames(const Limits& limits, std::size_t read_bytes);

  // Where the next bytes go; never empty.
  [[nodiscard]] std::span<std::byte> room();
  // So many bytes have come into room().
  void filled(std::size_t bytes) { end_ += bytes; }

  struct Taken {
    StreamFault fault = StreamFault::kNone;
    std::uint64_t unknown = 0;  // Sound frames of a kind that this version does not know.
  };
  // Appends the messages of all complete frames to `received`. All must be from `cluster` and `from`.
  [[nodiscard]] Taken take(ClusterId cluster, NodeId from, std::vector<Received>& received);

  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  StreamFault take_one(std::span<const std::byte> frame, ClusterId cluster, NodeId from,
                       std::vector<Received>& received, std::uint64_t& unknown) const;
  // Moves what is left to the front of a buffer of that size, of the same one where it has it.
  void move_into(std::size_t capacity);

  Limits limits_;
  std::size_t read_bytes_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t start_ = 0;  // What came and was not taken yet lies from here
  std::size_t end_ = 0;    // to here.
};

}  // namespace synod::tcp_detail
