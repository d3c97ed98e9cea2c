#include "host/tcp_peer.hpp"

#include "host/tcp_address.hpp"

#include <asio/ip/address.hpp>

#include <algorithm>
#include <utility>

namespace synod::tcp_detail {

TcpPeer::TcpPeer(NodeId id, Shared& shared)
    : id_(id),
      shared_(&shared),
      queue_(shared.options.queue_bytes_max, shared.options.queue_frames_max),
      redial_(shared.strand),
      resolver_(shared.strand) {}

void TcpPeer::reach(const std::string& address) {
  const bool moved = address != address_;
  reached_ = true;
  address_ = address;
  if (moved) failures_ = 0;
  if (!connection_ && !dialling_ && !dial_pending_) dial();
}

void TcpPeer::leave() {
  reached_ = false;
  redial_.cancel();
  resolver_.cancel();
  dial_pending_ = false;
}

void TcpPeer::push(const Frame& frame) { shared_->stats.frames_dropped += queue_.push(frame); }

void TcpPeer::flush() {
  if (connection_) connection_->write(queue_);
}

void TcpPeer::adopt(TcpConnection& connection) {
  failures_ = 0;
  if (dialling_.get() == &connection) dialling_ = nullptr;
  if (connection_ && keeps_old(connection)) return retire(connection);
  if (connection_) retire(*connection_);
  connection_ = connection.shared_from_this();
  queue_.start_anew();
  flush();
}

// A side dials only where it knows of no connection, so a newer one shows that the older is gone, and
// is kept; except that
// 1. this node and the other dial each other at the same moment, and
// 2. both connections come up, in either order, at both;
// then both must choose the same one: that which the lower id dialled.
bool TcpPeer::keeps_old(const TcpConnection& fresh) const {
  const TcpConnection& old = *connection_;
  if (old.peer().session != fresh.peer().session) return false;
  if (old.is_dialled() == fresh.is_dialled()) return false;
  const auto age = std::chrono::steady_clock::now() - old.up_since();
  if (age > shared_->options.handshake_timeout) return false;
  return old.is_dialled() == (shared_->self.id < id_);
}

void TcpPeer::retire(TcpConnection& connection) {
  shared_->retired.push_back(connection.shared_from_this());
  connection.retire();
}

void TcpPeer::lost(TcpConnection& connection) {
  if (dialling_.get() == &connection) {
    dialling_ = nullptr;
    ++failures_;
  } else if (connection_.get() == &connection) {
    connection_ = nullptr;
  } else {
    return;
  }
  if (!connection_ && !dialling_ && reached_) dial_later();
}

void TcpPeer::close() {
  leave();
  queue_.clear();
  for (const std::shared_ptr<TcpConnection>& connection : {connection_, dialling_}) {
    if (connection) connection->close();
  }
  connection_ = nullptr;
  dialling_ = nullptr;
  shared_ = nullptr;
}

void TcpPeer::dial_later() {
  const TcpOptions& options = shared_->options;
  const Duration bound =
      std::min(options.redial_max, options.redial_min * (1 << std::min(failures_, 16u)));
  dial_pending_ = true;
  redial_.expires_after(shared_->prng.between(Duration(0), bound));
  redial_.async_wait([self = weak_from_this()](const asio::error_code& error) {
    const std::shared_ptr<TcpPeer> peer = self.lock();
    if (error || !peer || !peer->dial_pending_) return;
    peer->dial_pending_ = false;
    if (!peer->connection_ && !peer->dialling_) peer->dial();
  });
}

void TcpPeer::dial() {
  const std::optional<HostAndPort> where = parse_address(address_);
  if (!where) return;
  asio::error_code named;
  const asio::ip::address number = asio::ip::make_address(where->host, named);
  if (!named) {
    return dial_at({Endpoint(number, static_cast<std::uint16_t>(std::stoul(where->port)))});
  }
  dial_pending_ = true;
  resolver_.async_resolve(
      where->host, where->port,
      [self = weak_from_this()](const asio::error_code& error, const Resolver::results_type& found) {
        const std::shared_ptr<TcpPeer> peer = self.lock();
        if (!peer || !peer->dial_pending_) return;
        peer->dial_pending_ = false;
        if (peer->connection_ || peer->dialling_) return;
        peer->dial_at(error ? std::vector<Endpoint>() : std::vector<Endpoint>(found.begin(), found.end()));
      });
}

// Of several endpoints each attempt takes the next.
void TcpPeer::dial_at(const std::vector<Endpoint>& endpoints) {
  if (endpoints.empty()) {
    ++failures_;
    return dial_later();
  }
  dialling_ = std::make_shared<TcpConnection>(Socket(shared_->strand), shared_->self,
                                              shared_->options, shared_->stats, *shared_->owner);
  dialling_->dial(id_, endpoints[failures_ % endpoints.size()]);
}

}  // namespace synod::tcp_detail
