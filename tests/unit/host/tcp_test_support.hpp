// Nodes' ends over TCP, and a stranger with a bare socket, all in one thread.
#pragma once

#include <synod/bytes.hpp>
#include <synod/tcp_communicator.hpp>
#include <synod/wire.hpp>

#include "host/tcp_frames.hpp"
#include "host/tcp_hello.hpp"

#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace synod::test {

inline const ClusterId kCluster = ClusterId::of("test");

// Runs `io` until `done` holds. The bound only ends a test that would hang.
template <class Done>
[[nodiscard]] bool run_until(asio::io_context& io, const Done& done) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!done()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(20));
  }
  return true;
}

class TcpEnd final : public Receiver {
 public:
  TcpEnd(asio::io_context& io, std::uint64_t id, TcpOptions options = {}, std::uint16_t port = 0)
      : id_(id),
        communicator_(std::make_unique<TcpCommunicator>(
            Strand(io.get_executor()), "127.0.0.1:" + std::to_string(port), options)) {
    const absl::Status listening = communicator_->listen();
    EXPECT_TRUE(listening.ok()) << listening.message();
    communicator_->start({kCluster, id_, Incarnation(id * 100)}, *this);
  }

  void receive(std::span<Received> received) override {
    calls_.push_back(received.size());
    for (Received& message : received) received_.push_back(std::move(message));
  }
  void reach(std::initializer_list<const TcpEnd*> others) {
    std::vector<Member> members;
    for (const TcpEnd* other : others) members.push_back({other->id_, {}, 1, other->address()});
    communicator_->reach(members);
  }
  void send(std::vector<NodeId> to, std::vector<Message> messages) {
    std::vector<Outgoing> turn;
    for (Message& message : messages) turn.push_back({to, std::move(message)});
    communicator_->send(turn);
  }

  [[nodiscard]] std::string address() const {
    return "127.0.0.1:" + std::to_string(communicator_->port());
  }
  [[nodiscard]] TcpCommunicator& communicator() { return *communicator_; }
  [[nodiscard]] const TcpStats& stats() const { return communicator_->stats(); }
  [[nodiscard]] const std::vector<Received>& received() const { return received_; }
  // How many messages each call of receive() brought.
  [[nodiscard]] const std::vector<std::size_t>& calls() const { return calls_; }
  [[nodiscard]] bool is_connected(std::uint64_t id) const {
    return communicator_->is_connected(NodeId(id));
  }

 private:
  NodeId id_;
  std::unique_ptr<TcpCommunicator> communicator_;
  std::vector<Received> received_;
  std::vector<std::size_t> calls_;
};

// Speaks whatever a test wants.
class Stranger {
 public:
  Stranger(asio::io_context& io, const TcpEnd& node, int receive_buffer = 0) : socket_(io) {
    const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(),
                                           const_cast<TcpEnd&>(node).communicator().port());
    socket_.open(endpoint.protocol());
    if (receive_buffer > 0) {
      socket_.set_option(asio::socket_base::receive_buffer_size(receive_buffer));
    }
    socket_.connect(endpoint);
  }

  void say(std::span<const std::byte> bytes) {
    asio::error_code ignored;
    asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  // Introduces itself as a node of the test's cluster.
  void say_hello(std::uint64_t id) { say(tcp_detail::encode_hello(hello(id))); }
  void half_close() { socket_.shutdown(asio::ip::tcp::socket::shutdown_send); }
  void close() { socket_.close(); }
  [[nodiscard]] asio::ip::tcp::socket& socket() { return socket_; }

  static tcp_detail::Hello hello(std::uint64_t id) {
    return {.version = kFormatVersion, .cluster = kCluster, .id = NodeId(id),
            .incarnation = Incarnation(id * 100), .session = 1};
  }
  static Bytes frame(std::uint64_t from, const Message& message, ClusterId cluster = kCluster) {
    Bytes bytes;
    encode_frame({.cluster = cluster, .from = NodeId(from), .incarnation = Incarnation(from * 100)},
                 message, bytes);
    return bytes;
  }

 private:
  asio::ip::tcp::socket socket_;
};

}  // namespace synod::test
