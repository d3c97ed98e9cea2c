#include "host/tcp_send_queue.hpp"

#include <synod/check.hpp>

#include <algorithm>
#include <utility>

namespace synod::tcp_detail {

std::size_t TcpSendQueue::push(Frame frame) {
  bytes_ += frame->size();
  frames_.push_back(std::move(frame));
  const std::size_t kept = first_written_ > 0 ? 1 : 0;
  std::size_t dropped = 0;
  while ((bytes_ > bytes_max_ || frames_.size() > frames_max_) && frames_.size() > kept + 1) {
    const auto oldest = frames_.begin() + static_cast<std::ptrdiff_t>(kept);
    bytes_ -= (*oldest)->size();
    frames_.erase(oldest);
    ++dropped;
  }
  return dropped;
}

TcpSendQueue::Gathered TcpSendQueue::gather(std::span<iovec> parts) const {
  Gathered gathered;
  std::size_t skip = first_written_;
  for (const Frame& frame : frames_) {
    if (gathered.parts == parts.size()) break;
    // sendmsg() takes a pointer to what it does not change.
    auto* start = const_cast<std::byte*>(frame->data()) + skip;
    const std::size_t size = frame->size() - skip;
    parts[gathered.parts++] = {start, size};
    gathered.bytes += size;
    skip = 0;
  }
  return gathered;
}

std::size_t TcpSendQueue::written(std::size_t bytes) {
  std::size_t completed = 0;
  first_written_ += bytes;
  while (!frames_.empty() && first_written_ >= frames_.front()->size()) {
    first_written_ -= frames_.front()->size();
    bytes_ -= frames_.front()->size();
    frames_.pop_front();
    ++completed;
  }
  SYNOD_CHECK(!frames_.empty() || first_written_ == 0, "no more is written than was gathered");
  return completed;
}

void TcpSendQueue::clear() {
  frames_.clear();
  bytes_ = 0;
  first_written_ = 0;
}

}  // namespace synod::tcp_detail
