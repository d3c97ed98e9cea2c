#include "cluster/nodes.hpp"

#include <unistd.h>

#include <cstdio>
#include <list>
#include <memory>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <synod/node.hpp>
#include <synod/prng.hpp>
#include <synod/status.hpp>
#include <synod/tcp_communicator.hpp>

#include "allocation_count.hpp"
#include "cluster/asio_control.hpp"
#include "cluster/blob.hpp"
#include "cluster/closed_loop.hpp"
#include "cluster/coalesced.hpp"
#include "cluster/frames.hpp"

namespace synod::bench {
namespace {

using BlobNode = Node<BlobCount>;

NodeOptions options_of(const NodePlan& plan) {
  NodeOptions options;
  options.id = plan.id;
  options.cluster = "bench";
  options.members = plan.members;
  return options;
}

StorageFactory storage_of(const NodePlan& plan) {
  return plan.directory.empty() ? memory() : journal(plan.directory);
}

// One node and the load on it.
class LoadedNode {
 public:
  LoadedNode(asio::io_context& io, Control& control, const NodePlan& plan)
      : node_(io, options_of(plan), kept_tcp(plan.members[plan.id.value() - 1].address),
              storage_of(plan)),
        control_(io, control, [this](const Command& command) { obey(command); }),
        prng_(monotonic_now() + static_cast<std::uint64_t>(getpid())) {
    next_.high = prng_.next();
    node_.async_start([this](absl::Status status) { started(status); });
    node_.async_wait_stopped([](absl::Status status) {
      std::fprintf(stderr, "a node stopped: %s\n", std::string(status.message()).c_str());
      _exit(1);
    });
  }

  BlobNode& node() { return node_; }

 private:
  // As synod::tcp(), with the counters in reach.
  CommunicatorFactory kept_tcp(std::string address) {
    return [this, address = std::move(address)](
               const HostContext& context) -> absl::StatusOr<std::unique_ptr<Communicator>> {
      auto made = std::make_unique<TcpCommunicator>(context.strand, address,
                                                    TcpOptions{.limits = context.limits});
      const absl::Status listening = made->listen();
      if (!listening.ok()) return listening;
      communicator_ = made.get();
      return made;
    };
  }

  void started(const absl::Status& status) {
    if (!status.ok()) {
      std::fprintf(stderr, "a node does not start: %s\n", std::string(status.message()).c_str());
      _exit(1);
    }
    control_.start();
  }

  void obey(const Command& command) {
    if (command.order == Order::kSample) return sample();
    loop_.set(command.value);
    fill();
  }

  void sample() {
    node_.async_status([this, sample = loop_.sample()](const NodeStatus& status) mutable {
      sample.syncs = status.stats.writes;
      sample.messages = status.stats.messages_sent;
      sample.turns = status.stats.turns;
      sample.socket_calls = communicator_->stats().writes + communicator_->stats().reads;
      control_.answer(sample);
    });
  }

  void fill() {
    for (std::uint32_t missing = loop_.missing(); missing > 0; --missing) {
      loop_.begin();
      ++next_.low;
      node_.async_append(
          next_, [this, began_at = monotonic_now()](const absl::StatusOr<std::uint64_t>& result) {
            loop_.end(began_at, monotonic_now(), result.ok());
            if (!result.ok()) tell(result.status());
            fill();
          });
    }
  }

  void tell(const absl::Status& status) {
    if (!std::exchange(told_, true)) {
      std::fprintf(stderr, "an append failed: %s\n", std::string(status.message()).c_str());
    }
  }

  TcpCommunicator* communicator_ = nullptr;  // The node's.
  BlobNode node_;
  AsioControl control_;
  ClosedLoop loop_;
  Prng prng_;
  Blob next_;
  bool told_ = false;
};

// Serves one client after the other.
class Gate {
 public:
  Gate(asio::io_context& io, std::uint16_t port, BlobNode& node)
      : acceptor_(io, {asio::ip::address_v4::loopback(), port}), node_(node) {
    accept();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](asio::error_code error, asio::ip::tcp::socket socket) {
      if (error) return;
      socket.set_option(asio::ip::tcp::no_delay(true));
      CoalescedSocket& client = clients_.emplace_back(std::move(socket));
      client.read([this, &client](std::span<const char> bytes) { return take(client, bytes); },
                  [] {});  // Kept: appends of it may be under way.
      accept();
    });
  }
  std::size_t take(CoalescedSocket& client, std::span<const char> bytes) {
    return each_frame(bytes, [this, &client](std::span<const char> body) {
      Blob blob;
      if (body.size() != sizeof(blob)) return;
      std::memcpy(&blob, body.data(), sizeof(blob));
      node_.async_append(blob,
                         [&client, id = blob.id()](const absl::StatusOr<std::uint64_t>& result) {
                           if (!result.ok())
                             return;  // The client's figures show it: they stand still.
                           append_frame(client.out(), std::as_bytes(std::span(&id, 1)));
                           client.flush();
                         });
    });
  }

  asio::ip::tcp::acceptor acceptor_;
  BlobNode& node_;
  std::list<CoalescedSocket> clients_;
};

}  // namespace

std::vector<std::uint16_t> free_ports(std::size_t count) {
  asio::io_context io;
  std::vector<asio::ip::tcp::acceptor> held;
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < count; ++i) {
    held.emplace_back(io, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    ports.push_back(held.back().local_endpoint().port());
  }
  return ports;
}

void run_node(Control& control, const NodePlan& plan) {
  asio::io_context io(1);
  LoadedNode loaded(io, control, plan);
  std::unique_ptr<Gate> gate;
  if (plan.client_port != 0) gate = std::make_unique<Gate>(io, plan.client_port, loaded.node());
  io.run();
}

}  // namespace synod::bench
