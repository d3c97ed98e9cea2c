// One connection: handshake, reading, writing. What to do with it is its owner's business.
#pragma once

#include <synod/asio_runtime.hpp>
#include <synod/communicator.hpp>
#include <synod/tcp_communicator.hpp>

#include "host/tcp_frames.hpp"
#include "host/tcp_hello.hpp"
#include "host/tcp_send_queue.hpp"

#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/ip/tcp.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <vector>

namespace synod::tcp_detail {

using Socket = asio::basic_stream_socket<asio::ip::tcp, Strand>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Strand>;

class TcpConnection;

// Called from handlers only: never from inside a call to a connection.
class TcpConnectionOwner {
 public:
  virtual ~TcpConnectionOwner() = default;
  // The other side has said who it is. False closes the connection.
  virtual bool on_hello(TcpConnection& connection) = 0;
  // Both sides have: frames may go, and will come.
  virtual void on_up(TcpConnection& connection) = 0;
  virtual void on_received(std::span<Received> received) = 0;
  // A write that was under way has made room for more.
  virtual void on_writable(TcpConnection& connection) = 0;
  // It ended by itself; the last call. Not called after close().
  virtual void on_ended(TcpConnection& connection) = 0;
};

// Dialled or accepted, then up once both have said hello, then perhaps retired: one that is retired
// sends no more and reads until the other side ends it, so that nothing under way is lost.
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  TcpConnection(Socket socket, const Hello& self, const TcpOptions& options, TcpStats& stats,
                TcpConnectionOwner& owner);

  // One of these comes first. `peer` is whom the owner expects at `endpoint`.
  void dial(NodeId peer, const asio::ip::tcp::endpoint& endpoint);
  void accept();

  // Writes as much as the socket takes, with one system call for as much as one can carry; does
  // nothing where a write is under way.
  void write(TcpSendQueue& queue);
  void retire();
  // Ends it at once and forgets the owner.
  void close();

  // Valid from on_hello() on.
  [[nodiscard]] const Hello& peer() const { return peer_; }
  [[nodiscard]] bool is_dialled() const { return dialled_; }
  [[nodiscard]] NodeId expected() const { return expected_; }
  [[nodiscard]] std::chrono::steady_clock::time_point up_since() const { return up_since_; }

 private:
  void on_dialled(const asio::error_code& error);
  bool prepare_socket();
  void send_hello();
  void read_hello();
  void on_hello(const asio::error_code& error);
  void read();
  void on_read(const asio::error_code& error, std::size_t bytes);
  void hand_over();
  void count(StreamFault fault);
  void wait_writable();
  void end_after(Duration time);
  void end();

  Socket socket_;
  Timer timer_;  // For the handshake, and for a retired connection.
  Hello self_;
  const TcpOptions& options_;     // The owner's, like the next two: valid until the owner is null.
  TcpStats& stats_;
  TcpConnectionOwner* owner_;     // Null once the connection has ended.
  bool dialled_ = false;
  NodeId expected_;

  Hello peer_;
  std::array<std::byte, kHelloBytes> hello_ = {};
  bool up_ = false;
  std::chrono::steady_clock::time_point up_since_;

  TcpFrames frames_;
  std::vector<Received> received_;
  bool writing_ = false;  // The socket is full; a handler waits for it to drain.
  bool retired_ = false;
};

}  // namespace synod::tcp_detail
