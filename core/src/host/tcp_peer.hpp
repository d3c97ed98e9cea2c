// One other node: what waits for it, the connection to it, and the dialling where there is none.
#pragma once

#include <synod/prng.hpp>

#include "host/tcp_connection.hpp"

#include <optional>
#include <string>
#include <vector>

namespace synod::tcp_detail {

class TcpPeer : public std::enable_shared_from_this<TcpPeer> {
 public:
  // What all peers of a node share; it outlives close().
  struct Shared {
    Strand strand;
    TcpOptions options;
    TcpStats stats;
    Prng prng;
    Hello self;
    TcpConnectionOwner* owner = nullptr;
    std::vector<std::shared_ptr<TcpConnection>> retired;
  };

  TcpPeer(NodeId id, Shared& shared);

  // From here on somebody who is to be reached; dials where there is no connection. An empty address
  // cannot be dialled.
  void reach(const std::string& address);
  // From here on only a guest, who stays as long as its connection does.
  void leave();
  void push(const Frame& frame);
  void flush();

  // `connection` came up. Of two, one is kept and the other retired.
  void adopt(TcpConnection& connection);
  // `connection` ended; nothing happens unless it is this peer's.
  void lost(TcpConnection& connection);
  // Ends everything; nothing may be called after it.
  void close();

  [[nodiscard]] NodeId id() const { return id_; }
  [[nodiscard]] bool is_guest() const { return !reached_; }
  [[nodiscard]] bool is_connected() const { return connection_ != nullptr; }

 private:
  using Endpoint = asio::ip::tcp::endpoint;
  using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Strand>;

  [[nodiscard]] bool keeps_old(const TcpConnection& fresh) const;
  void retire(TcpConnection& connection);
  void dial_later();
  void dial();
  void dial_at(const std::vector<Endpoint>& endpoints);

  const NodeId id_;
  Shared* shared_;  // Null once closed.
  bool reached_ = false;
  std::string address_;

  TcpSendQueue queue_;
  std::shared_ptr<TcpConnection> connection_;  // Up.
  std::shared_ptr<TcpConnection> dialling_;    // Not up yet.

  Timer redial_;
  Resolver resolver_;
  bool dial_pending_ = false;  // Waiting to dial, or for a name.
  unsigned failures_ = 0;      // Since the last completed handshake.
};

}  // namespace synod::tcp_detail
