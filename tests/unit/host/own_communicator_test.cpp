// A communicator of one's own, as docs/how-to/communicator.md quotes it, and the contract test on it.
#include <synod/asio_runtime.hpp>
#include <synod/communicator.hpp>
#include <synod/testing/communicator_contract.hpp>
#include <synod/wire.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>

#include <array>
#include <chrono>
#include <map>

namespace {

using synod::testing::CommunicatorContract;

// [communicator]
// One datagram per message and receiver, at "127.0.0.1:port".
class UdpCommunicator final : public synod::Communicator {
 public:
  UdpCommunicator(const synod::Strand& strand, std::uint16_t port)
      : socket_(strand, {asio::ip::address_v4::loopback(), port}) {}

  void start(const synod::LocalIdentity& self, synod::Receiver& receiver) override {
    self_ = self;
    receiver_ = &receiver;
    listen();
  }

  void reach(const std::vector<synod::Member>& members) override {
    for (const synod::Member& member : members) {
      const std::string port = member.address.substr(member.address.rfind(':') + 1);
      peers_[member.id] = {asio::ip::address_v4::loopback(),
                           static_cast<std::uint16_t>(std::stoul(port))};
    }
  }

  void send(std::span<const synod::Outgoing> turn) override {
    for (const synod::Outgoing& outgoing : turn) {
      frame_.clear();  // Encoded once for all receivers.
      synod::encode_frame({self_.cluster, self_.id, self_.incarnation}, outgoing.message, frame_);
      for (const synod::NodeId id : outgoing.to) {
        const auto peer = peers_.find(id);
        if (peer == peers_.end()) continue;
        asio::error_code lost;  // As any datagram may be.
        socket_.send_to(asio::buffer(frame_), peer->second, 0, lost);
      }
    }
  }

  void stop() override {
    receiver_ = nullptr;
    asio::error_code ignored;
    socket_.close(ignored);
  }

 private:
  void listen() {
    socket_.async_receive(
        asio::buffer(datagram_),
        [this, alive = std::weak_ptr(alive_)](asio::error_code error, std::size_t size) {
          if (alive.expired() || receiver_ == nullptr) return;  // `this` may be gone.
          if (!error) take({datagram_.data(), size});
          if (receiver_ != nullptr) listen();
        });
  }

  void take(std::span<const std::byte> frame) {
    auto decoded = synod::decode_frame(nullptr, frame, {});
    if (!decoded.ok()) return;  // Not one of ours, or damaged.
    auto& [envelope, message] = *decoded;
    if (envelope.cluster != self_.cluster) return;
    synod::Received received = {envelope.from, envelope.incarnation, std::move(message)};
    receiver_->receive({&received, 1});
  }

  asio::ip::udp::socket socket_;
  synod::LocalIdentity self_;
  synod::Receiver* receiver_ = nullptr;
  std::map<synod::NodeId, asio::ip::udp::endpoint> peers_;
  synod::Bytes frame_;
  std::array<std::byte, 65'536> datagram_ = {};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};
// [communicator]

// [world]
class UdpWorld final : public synod::testing::CommunicatorWorld {
 public:
  std::unique_ptr<synod::Communicator> make(synod::NodeId id) override {
    return std::make_unique<UdpCommunicator>(synod::Strand(io_.get_executor()), port(id));
  }
  std::string address(synod::NodeId id) override { return "127.0.0.1:" + std::to_string(port(id)); }
  void run() override {
    io_.restart();
    io_.run_one_for(std::chrono::milliseconds(10));
    io_.poll();
  }
  std::size_t payload_bytes_max() override { return 50'000; }

 private:
  // A free one, found when it is first asked for.
  std::uint16_t port(synod::NodeId id) {
    std::uint16_t& found = ports_[id];
    if (found == 0) {
      const asio::ip::udp::endpoint any(asio::ip::address_v4::loopback(), 0);
      found = asio::ip::udp::socket(io_, any).local_endpoint().port();
    }
    return found;
  }

  asio::io_context io_;
  std::map<synod::NodeId, std::uint16_t> ports_;
};

INSTANTIATE_TEST_SUITE_P(Udp, CommunicatorContract,
                         ::testing::Values([] { return std::make_unique<UdpWorld>(); }));
// [world]

}  // namespace
