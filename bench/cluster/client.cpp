#include <unistd.h>

#include <array>
#include <cstdio>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <synod/prng.hpp>

#include "cluster/asio_control.hpp"
#include "cluster/blob.hpp"
#include "cluster/closed_loop.hpp"
#include "cluster/coalesced.hpp"
#include "cluster/frames.hpp"
#include "cluster/nodes.hpp"

namespace synod::bench {
namespace {

asio::ip::tcp::socket connect_to(asio::io_context& io, std::uint16_t port) {
  asio::ip::tcp::socket socket(io);
  asio::error_code error;
  socket.connect({asio::ip::address_v4::loopback(), port}, error);
  if (error) {
    std::fprintf(stderr, "the client does not reach the node: %s\n", error.message().c_str());
    _exit(1);
  }
  socket.set_option(asio::ip::tcp::no_delay(true));
  return socket;
}

class Client {
 public:
  Client(asio::io_context& io, Control& control, std::uint16_t port)
      : socket_(connect_to(io, port)),
        control_(io, control, [this](const Command& command) { obey(command); }) {
    next_.high = Prng(static_cast<std::uint64_t>(monotonic_now() + getpid())).next();
    socket_.read([this](std::span<const char> bytes) { return take(bytes); }, [] { _exit(1); });
    control_.start();
  }

 private:
  // More than are ever outstanding.
  static constexpr std::size_t kSlots = 65'536;

  std::size_t take(std::span<const char> bytes) {
    const std::int64_t now = monotonic_now();
    const std::size_t used = each_frame(bytes, [this, now](std::span<const char> body) {
      EntryId id;
      std::memcpy(&id, body.data(), std::min(body.size(), sizeof(id)));
      loop_.end(began_at_[id.low % kSlots], now, true);
    });
    fill();
    return used;
  }
  void fill() {
    const std::uint32_t count = loop_.missing();
    if (count == 0) return;
    const std::int64_t now = monotonic_now();
    for (std::uint32_t i = 0; i < count; ++i) {
      ++next_.low;
      began_at_[next_.low % kSlots] = now;
      append_frame(socket_.out(), std::as_bytes(std::span(&next_, 1)));
    }
    socket_.flush();
    loop_.begin(count);
  }
  void obey(const Command& command) {
    if (command.order == Order::kSample) return control_.answer(loop_.sample());
    loop_.set(command.value);
    fill();
  }

  CoalescedSocket socket_;
  AsioControl control_;
  ClosedLoop loop_;
  Blob next_;
  std::vector<std::int64_t> began_at_ = std::vector<std::int64_t>(kSlots);
};

}  // namespace

void run_client(Control& control, std::uint16_t port) {
  asio::io_context io(1);
  Client client(io, control, port);
  io.run();
}

}  // namespace synod::bench
