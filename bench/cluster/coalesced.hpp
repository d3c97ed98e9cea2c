// A socket of Asio to which many small pieces are written: what gathers while one write is under
// way, or in one run of handlers, goes out with the next.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/write.hpp>

namespace synod::bench {

// Everything on one thread. Must outlive what it began.
class CoalescedSocket {
 public:
  explicit CoalescedSocket(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  // What is to be sent: append to it, then flush().
  std::vector<char>& out() { return gathering_; }
  void flush() {
    if (!std::exchange(flush_posted_, true)) {
      asio::post(socket_.get_executor(), [this] {
        flush_posted_ = false;
        write();
      });
    }
  }
  // Calls `received(bytes)` whenever something came, which says how many of them it used up, and
  // `closed()` at the end.
  template <class OnBytes, class OnClosed>
  void read(OnBytes received, OnClosed closed) {
    const auto room = asio::buffer(in_.data() + unused_, in_.size() - unused_);
    socket_.async_read_some(
        room, [this, received = std::move(received), closed = std::move(closed)](
                  asio::error_code error, std::size_t size) mutable {
          if (error) return closed();
          const std::size_t total = unused_ + size;
          const std::size_t used = received(std::span<const char>(in_.data(), total));
          std::copy(in_.begin() + static_cast<std::ptrdiff_t>(used),
                    in_.begin() + static_cast<std::ptrdiff_t>(total), in_.begin());
          unused_ = total - used;
          read(std::move(received), std::move(closed));
        });
  }

 private:
  void write() {
    if (writing_ || gathering_.empty()) return;
    writing_ = true;
    std::swap(gathering_, leaving_);
    asio::async_write(socket_, asio::buffer(leaving_), [this](asio::error_code error, std::size_t) {
      leaving_.clear();
      writing_ = false;
      if (!error) write();
    });
  }

  asio::ip::tcp::socket socket_;
  std::vector<char> in_ = std::vector<char>(64u << 10);
  std::size_t unused_ = 0;
  std::vector<char> gathering_;
  std::vector<char> leaving_;
  bool writing_ = false;
  bool flush_posted_ = false;
};

}  // namespace synod::bench
