// What waits to be written to one peer: encoded frames, shared with the other receivers.
#pragma once

#include <synod/bytes.hpp>

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>

namespace synod::tcp_detail {

using Frame = std::shared_ptr<const Bytes>;

// Bounded: past either bound the oldest frame goes, for the newest says the most. Never the one that
// is partly written, which would break the stream, nor the one that was pushed last.
class TcpSendQueue {
 public:
  TcpSendQueue(std::uint64_t bytes_max, std::uint32_t frames_max)
      : bytes_max_(bytes_max), frames_max_(frames_max) {}

  // Gives how many frames had to go.
  std::size_t push(Frame frame);

  struct Gathered {
    std::size_t parts = 0;
    std::size_t bytes = 0;
  };
  // Fills `parts` with what is to be written next.
  [[nodiscard]] Gathered gather(std::span<iovec> parts) const;
  // Takes off what was written. Gives how many frames that completed.
  std::size_t written(std::size_t bytes);
  // The next connection starts with a whole frame.
  void start_anew() { first_written_ = 0; }
  void clear();

  [[nodiscard]] bool empty() const { return frames_.empty(); }
  [[nodiscard]] std::size_t size() const { return frames_.size(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t bytes_max_;
  std::uint32_t frames_max_;
  std::deque<Frame> frames_;
  std::uint64_t bytes_ = 0;            // Of all frames, whole.
  std::size_t first_written_ = 0;      // So much of the first is written.
};

}  // namespace synod::tcp_detail
