#include "host/tcp_frames.hpp"

#include <synod/wire.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace synod::tcp_detail {
namespace {

// A buffer that grew beyond this many reads is given back once it is empty.
constexpr std::size_t kKeptReads = 16;

StreamFault fault_of(FrameStatus status) {
  switch (status) {
    case FrameStatus::kNeedMore:
    case FrameStatus::kReady: return StreamFault::kNone;
    case FrameStatus::kOtherVersion: return StreamFault::kOtherVersion;
    case FrameStatus::kTooLong: return StreamFault::kTooLong;
    case FrameStatus::kNoFrame:
    case FrameStatus::kDamaged: return StreamFault::kDamaged;
  }
  return StreamFault::kDamaged;
}

}  // namespace

TcpFrames::TcpFrames(const Limits& limits, std::size_t read_bytes)
    : limits_(limits), read_bytes_(std::max(read_bytes, kFrameHeaderBytes)) {}

std::span<std::byte> TcpFrames::room() {
  const std::size_t left = end_ - start_;
  if (left == 0) {
    start_ = end_ = 0;
    if (capacity_ == 0 || capacity_ > kKeptReads * read_bytes_) move_into(read_bytes_);
  } else if (capacity_ - end_ < read_bytes_ / 2) {
    // What is left is part of one frame, and so shorter than the greatest capacity by a read.
    const std::size_t capacity_max = std::size_t{limits_.frame_bytes_max} + read_bytes_;
    const bool grows = left > capacity_ / 2 && capacity_ < capacity_max;
    move_into(grows ? std::min(2 * capacity_, capacity_max) : capacity_);
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

void TcpFrames::move_into(std::size_t capacity) {
  std::unique_ptr<std::byte[]> larger;
  if (capacity != capacity_) larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
  std::byte* const to = larger ? larger.get() : buffer_.get();
  if (end_ > start_) std::memmove(to, buffer_.get() + start_, end_ - start_);
  end_ -= start_;
  start_ = 0;
  if (larger) buffer_ = std::move(larger);
  capacity_ = capacity;
}

TcpFrames::Taken TcpFrames::take(ClusterId cluster, NodeId from, std::vector<Received>& received) {
  Taken taken;
  while (start_ < end_ && taken.fault == StreamFault::kNone) {
    const std::span<const std::byte> left(buffer_.get() + start_, end_ - start_);
    std::size_t size = 0;
    const FrameStatus status = peek_frame(left, limits_, size);
    taken.fault = fault_of(status);
    if (status != FrameStatus::kReady) break;
    taken.fault = take_one(left.first(size), cluster, from, received, taken.unknown);
    start_ += size;
  }
  return taken;
}

StreamFault TcpFrames::take_one(std::span<const std::byte> frame, ClusterId cluster, NodeId from,
                                std::vector<Received>& received, std::uint64_t& unknown) const {
  // Without an owner: a payload that is kept for long must not hold everything that was read with it.
  absl::StatusOr<std::pair<Envelope, Message>> decoded = decode_frame(nullptr, frame, limits_);
  if (!decoded.ok()) {
    if (decoded.status().code() != absl::StatusCode::kUnimplemented) return StreamFault::kDamaged;
    ++unknown;
    return StreamFault::kNone;
  }
  Envelope& envelope = decoded->first;
  if (envelope.cluster != cluster || envelope.from != from) return StreamFault::kDamaged;
  received.push_back({envelope.from, envelope.incarnation, std::move(decoded->second)});
  return StreamFault::kNone;
}

}  // namespace synod::tcp_detail
