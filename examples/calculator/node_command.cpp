#include "node_command.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <string>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include "line_server.hpp"
#include "service.hpp"

namespace calculator {
namespace {

// Descriptors that the journal and the other nodes need.
constexpr std::uint64_t kOwnDescriptors = 128;
constexpr std::uint64_t kClientsMax = 4096;

// As many clients as there are descriptors for, once their limit is as high as it may be.
std::size_t clients_max() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 512;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) (void)getrlimit(RLIMIT_NOFILE, &limit);
  const std::uint64_t descriptors = std::max<std::uint64_t>(limit.rlim_cur, 2 * kOwnDescriptors);
  return static_cast<std::size_t>(std::min(descriptors - kOwnDescriptors, kClientsMax));
}

// One line in one write, so that the lines of several processes do not mix.
void log(const std::string& prefix, const std::string& line) {
  std::cerr << prefix + line + "\n" << std::flush;
}

ServiceOptions service_options(const NodeCommand& command) {
  ServiceOptions options;
  options.node.id = command.id;
  options.node.cluster = "synod-calculator";
  options.node.members = command.members;
  options.node.found_alone = command.found_alone;
  options.node.remembered_rounds = Calculator::kRememberedRounds;
  options.directory = command.directory;
  for (const synod::Member& member : command.members) {
    if (member.id == command.id) options.address = member.address;
  }
  return options;
}

std::string text_of(const absl::Status& status) {
  return std::string(status.message().data(), status.message().size());
}

// The life of one node: from start to signal.
class NodeProgram {
 public:
  explicit NodeProgram(const NodeCommand& command)
      : prefix_("node " + synod::to_string(command.id) + ": "),
        clients_address_(command.clients),
        signals_(io_, SIGINT, SIGTERM),
        service_(io_, service_options(command),
                 [this](const std::string& line) { log(prefix_, line); }),
        clients_(io_.get_executor(),
                 [this](std::string line) { return service_.answer(std::move(line)); },
                 {.clients_max = clients_max()}) {}

  int run() {
    asio::co_spawn(io_, live(), asio::detached);
    io_.run();
    return exit_status_;
  }

 private:
  asio::awaitable<void> live() {
    absl::Status status = clients_.listen(clients_address_);
    if (status.ok()) status = co_await service_.start();
    if (!status.ok()) {
      fail("cannot start: " + text_of(status));
      signals_.cancel();
      clients_.close();
      co_return;
    }
    clients_.start();
    log(prefix_, "serving clients at " + clients_.address());
    asio::co_spawn(io_, watch(), asio::detached);
    signals_.async_wait([this](const asio::error_code& error, int) {
      if (!error) asio::co_spawn(io_, stop(), asio::detached);
    });
  }

  // A second signal ends the process at once.
  asio::awaitable<void> stop() {
    log(prefix_, "stopping");
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    clients_.stop();
    const absl::Status status = co_await service_.shut_down();
    if (!status.ok()) fail(text_of(status));
    // Answers that were under way leave; a client that does not read them is not waited for.
    asio::steady_timer patience(io_);
    for (int i = 0; i < 20 && clients_.clients() > 0; ++i) {
      patience.expires_after(std::chrono::milliseconds(10));
      co_await patience.async_wait(asio::use_awaitable);
    }
    clients_.close();
    log(prefix_, "stopped");
  }

  asio::awaitable<void> watch() {
    const absl::Status status = co_await service_.wait_stopped();
    if (status.ok()) co_return;
    fail("stopped: " + text_of(status));
    signals_.cancel();
    co_await stop();
  }

  void fail(const std::string& why) {
    log(prefix_, why);
    exit_status_ = 1;
  }

  std::string prefix_;
  std::string clients_address_;
  asio::io_context io_{1};
  asio::signal_set signals_;
  Service service_;
  LineServer clients_;
  int exit_status_ = 0;
};

}  // namespace

int run_node(const NodeCommand& command) {
  std::signal(SIGPIPE, SIG_IGN);  // A log that nobody reads any more.
  return NodeProgram(command).run();
}

}  // namespace calculator
