#include "host/tcp_connection.hpp"

#include <synod/wire.hpp>

#include <asio/buffer.hpp>
#include <asio/read.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace synod::tcp_detail {
namespace {

constexpr std::size_t kGatherMax = 1024;  // IOV_MAX on Linux.
// A retired connection that the other side does not end is ended after this.
constexpr Duration kRetiredMax = std::chrono::seconds(1);
constexpr int kKeepaliveSeconds = 5;

bool set_option(int socket, int level, int name, int value) {
  return setsockopt(socket, level, name, &value, sizeof(value)) == 0;
}

}  // namespace

TcpConnection::TcpConnection(Socket socket, const Hello& self, const TcpOptions& options,
                             TcpStats& stats, TcpConnectionOwner& owner)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      self_(self),
      options_(options),
      stats_(stats),
      owner_(&owner),
      frames_(options.limits, options.read_bytes) {}

void TcpConnection::dial(NodeId peer, const asio::ip::tcp::endpoint& endpoint) {
  dialled_ = true;
  expected_ = peer;
  ++stats_.dialled;
  end_after(options_.handshake_timeout);
  socket_.async_connect(endpoint, [self = shared_from_this()](const asio::error_code& error) {
    self->on_dialled(error);
  });
}

void TcpConnection::on_dialled(const asio::error_code& error) {
  if (owner_ == nullptr) return;
  if (error || !prepare_socket()) return end();
  send_hello();
  read_hello();
}

void TcpConnection::accept() {
  ++stats_.accepted;
  end_after(options_.handshake_timeout);
  // An error ends it once the reading fails.
  if (!prepare_socket()) socket_.close();
  read_hello();
}

bool TcpConnection::prepare_socket() {
  const int native = socket_.native_handle();
  const auto unacknowledged = std::chrono::milliseconds(
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.unacknowledged_max));
  return set_option(native, IPPROTO_TCP, TCP_NODELAY, 1) &&
         set_option(native, IPPROTO_TCP, TCP_USER_TIMEOUT,
                    static_cast<int>(unacknowledged.count())) &&
         set_option(native, SOL_SOCKET, SO_KEEPALIVE, 1) &&
         set_option(native, IPPROTO_TCP, TCP_KEEPIDLE, kKeepaliveSeconds) &&
         set_option(native, IPPROTO_TCP, TCP_KEEPINTVL, kKeepaliveSeconds);
}

void TcpConnection::send_hello() {
  const std::array<std::byte, kHelloBytes> hello = encode_hello(self_);
  const ssize_t sent = ::send(socket_.native_handle(), hello.data(), hello.size(),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
  // The buffer of a new socket has room for it; where it has not, the reading is made to fail.
  if (sent != static_cast<ssize_t>(hello.size())) ::shutdown(socket_.native_handle(), SHUT_RDWR);
}

void TcpConnection::read_hello() {
  asio::async_read(socket_, asio::buffer(hello_.data(), hello_.size()),
                   [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                     self->on_hello(error);
                   });
}

void TcpConnection::on_hello(const asio::error_code& error) {
  if (owner_ == nullptr) return;
  if (error) return end();
  switch (decode_hello(hello_, peer_)) {
    case HelloStatus::kSound: break;
    case HelloStatus::kNone: ++stats_.strangers; return end();
    case HelloStatus::kOtherVersion: ++stats_.other_versions; return end();
  }
  if (!owner_->on_hello(*this)) return end();
  if (!dialled_) send_hello();
  timer_.cancel();
  up_ = true;
  up_since_ = std::chrono::steady_clock::now();
  ++stats_.handshakes_completed;
  owner_->on_up(*this);
  if (owner_ != nullptr) read();
}

void TcpConnection::read() {
  const std::span<std::byte> room = frames_.room();
  socket_.async_read_some(
      asio::buffer(room.data(), room.size()),
      [self = shared_from_this()](const asio::error_code& error, std::size_t bytes) {
        self->on_read(error, bytes);
      });
}

void TcpConnection::on_read(const asio::error_code& error, std::size_t bytes) {
  if (owner_ == nullptr) return;
  if (error) return end();
  ++stats_.reads;
  stats_.bytes_received += bytes;
  frames_.filled(bytes);
  const TcpFrames::Taken taken = frames_.take(self_.cluster, peer_.id, received_);
  stats_.frames_unknown += taken.unknown;
  count(taken.fault);
  hand_over();
  if (owner_ == nullptr) return;
  if (taken.fault != StreamFault::kNone) return end();
  read();
}

void TcpConnection::hand_over() {
  stats_.frames_received += received_.size();
  if (!received_.empty()) owner_->on_received(received_);
  received_.clear();
}

void TcpConnection::count(StreamFault fault) {
  switch (fault) {
    case StreamFault::kNone: break;
    case StreamFault::kTooLong: ++stats_.frames_too_long; break;
    case StreamFault::kDamaged: ++stats_.frames_damaged; break;
    case StreamFault::kOtherVersion: ++stats_.other_versions; break;
  }
}

void TcpConnection::write(TcpSendQueue& queue) {
  if (!up_ || writing_ || retired_ || owner_ == nullptr) return;
  while (!queue.empty()) {
    std::array<iovec, kGatherMax> parts;
    const TcpSendQueue::Gathered gathered = queue.gather(parts);
    msghdr message = {};
    message.msg_iov = parts.data();
    message.msg_iovlen = gathered.parts;
    const ssize_t written = ::sendmsg(socket_.native_handle(), &message,
                                      MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      // The reading finds it out, and ends the connection from a handler.
      ::shutdown(socket_.native_handle(), SHUT_RDWR);
      return;
    }
    if (written < 0) return wait_writable();
    ++stats_.writes;
    stats_.bytes_sent += static_cast<std::uint64_t>(written);
    stats_.frames_sent += queue.written(static_cast<std::size_t>(written));
    if (static_cast<std::size_t>(written) < gathered.bytes) return wait_writable();
  }
}

void TcpConnection::wait_writable() {
  writing_ = true;
  socket_.async_wait(Socket::wait_write,
                     [self = shared_from_this()](const asio::error_code& error) {
                       self->writing_ = false;
                       if (error || self->owner_ == nullptr) return;
                       self->owner_->on_writable(*self);
                     });
}

void TcpConnection::retire() {
  if (retired_ || owner_ == nullptr) return;
  retired_ = true;
  ::shutdown(socket_.native_handle(), SHUT_WR);
  end_after(kRetiredMax);
}

void TcpConnection::end_after(Duration time) {
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this()](const asio::error_code& error) {
    if (error || self->owner_ == nullptr) return;
    if (!self->up_) ++self->stats_.handshakes_timed_out;
    if (!self->up_ || self->retired_) self->end();
  });
}

void TcpConnection::end() {
  // It may be the owner that holds the last reference.
  const std::shared_ptr<TcpConnection> kept = shared_from_this();
  TcpConnectionOwner* const owner = owner_;
  close();
  owner->on_ended(*this);
}

void TcpConnection::close() {
  if (owner_ == nullptr) return;
  owner_ = nullptr;
  ++stats_.closed;
  timer_.cancel();
  asio::error_code ignored;
  socket_.close(ignored);
}

}  // namespace synod::tcp_detail
