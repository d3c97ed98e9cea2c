#include <unistd.h>

#include <deque>

#include "cluster/asio_control.hpp"
#include "cluster/bare.hpp"
#include "cluster/closed_loop.hpp"
#include "cluster/coalesced.hpp"

namespace synod::bench {
namespace {

asio::ip::tcp::socket adopt(asio::io_context& io, int socket) {
  return asio::ip::tcp::socket(io, asio::ip::tcp::v4(), socket);
}

class EchoClient {
 public:
  EchoClient(asio::io_context& io, Control& control, int socket)
      : socket_(adopt(io, socket)),
        control_(io, control, [this](const Command& command) { obey(command); }) {
    socket_.read([this](std::span<const char> bytes) { return take(bytes); }, [] { _exit(0); });
    control_.start();
  }

 private:
  std::size_t take(std::span<const char> bytes) {
    const std::size_t count = bytes.size() / kMessageBytes;
    const std::int64_t now = monotonic_now();
    for (std::size_t i = 0; i < count; ++i) {
      loop_.end(began_.front(), now, true);
      began_.pop_front();
    }
    fill();
    return count * kMessageBytes;
  }
  void fill() {
    const std::uint32_t count = loop_.missing();
    if (count == 0) return;
    began_.insert(began_.end(), count, monotonic_now());
    socket_.out().resize(socket_.out().size() + count * kMessageBytes, 'm');
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
  std::deque<std::int64_t> began_;
};

}  // namespace

void run_echo_client(Control& control, int socket) {
  asio::io_context io(1);
  EchoClient client(io, control, socket);
  io.run();
}

void run_echo_server(Control& control, int socket) {
  asio::io_context io(1);
  CoalescedSocket peer(adopt(io, socket));
  peer.read(
      [&peer](std::span<const char> bytes) {
        peer.out().insert(peer.out().end(), bytes.begin(), bytes.end());
        peer.flush();
        return bytes.size();
      },
      [] { _exit(0); });
  control.answer({});
  io.run();
}

}  // namespace synod::bench
