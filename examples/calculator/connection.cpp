#include "connection.hpp"

#include <thread>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>

namespace calculator {

using asio::ip::tcp;

// No answer is longer.
constexpr std::size_t kAnswerBytesMax = 64u << 10;

std::optional<std::string> Connection::ask(const std::string& line, Deadline deadline) {
  if (!socket_.is_open() && !connect(deadline)) return std::nullopt;
  const std::string request = line + '\n';
  asio::error_code error;
  bool done = false;
  std::size_t length = 0;
  asio::async_write(socket_, asio::buffer(request), [&](const asio::error_code& failed, std::size_t) {
    if (failed) {
      error = failed;
      done = true;
      return;
    }
    asio::async_read_until(socket_, asio::dynamic_buffer(received_, kAnswerBytesMax), '\n',
                           [&](const asio::error_code& ended, std::size_t size) {
                             error = ended;
                             length = size;
                             done = true;
                           });
  });
  if (!run_until(done, deadline) || error) {
    close();
    return std::nullopt;
  }
  std::string answer = received_.substr(0, length - 1);
  received_.erase(0, length);
  tried_ = 0;
  return answer;
}

bool Connection::connect(Deadline deadline) {
  asio::error_code error;
  tcp::resolver resolver(io_);
  const auto found = resolver.resolve(nodes_[at_].host, nodes_[at_].port, error);
  if (error) return false;
  bool done = false;
  asio::async_connect(socket_, found, [&](const asio::error_code& ended, const tcp::endpoint&) {
    error = ended;
    done = true;
  });
  if (!run_until(done, deadline) || error) {
    close();
    return false;
  }
  asio::error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  return true;
}

// False where the deadline came first; then nothing runs any more.
bool Connection::run_until(const bool& done, Deadline deadline) {
  io_.restart();
  while (!done && io_.run_one_until(deadline) > 0) {
  }
  if (done) return true;
  close();
  io_.restart();
  io_.run();  // Ends what the closing cancelled.
  return false;
}

void Connection::close() {
  asio::error_code ignored;
  socket_.close(ignored);
  received_.clear();
}

void Connection::next() {
  close();
  at_ = (at_ + 1) % nodes_.size();
  ++tried_;
}

std::string Connection::node() const { return nodes_[at_].host + ':' + nodes_[at_].port; }

void Connection::pause(std::chrono::milliseconds time) {
  tried_ = 0;
  std::this_thread::sleep_for(time);
}

}  // namespace calculator
