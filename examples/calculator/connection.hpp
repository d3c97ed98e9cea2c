// File: connection.hpp
//
// A client's connection to one node at a time, asked line by line, with deadlines.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/streambuf.hpp>

#include "addresses.hpp"

namespace calculator {

using Deadline = std::chrono::steady_clock::time_point;

// Blocks, for one thread.
class Connection {
 public:
  explicit Connection(std::vector<HostAndPort> nodes) : nodes_(std::move(nodes)), socket_(io_) {}

  // Sends `line` and waits for the line that answers it; nothing where the node does not answer in
  // time. Then the connection is closed, and next() should be tried.
  [[nodiscard]] std::optional<std::string> ask(const std::string& line, Deadline deadline);
  // Turns to the next node.
  void next();
  // Whether every node was turned to since the last answer.
  [[nodiscard]] bool all_tried() const { return tried_ >= nodes_.size(); }
  [[nodiscard]] std::string node() const;
  // Does nothing for that long.
  void pause(std::chrono::milliseconds time);

 private:
  [[nodiscard]] bool connect(Deadline deadline);
  [[nodiscard]] bool run_until(const bool& done, Deadline deadline);
  void close();

  asio::io_context io_;
  std::vector<HostAndPort> nodes_;
  std::size_t at_ = 0;
  std::size_t tried_ = 0;
  asio::ip::tcp::socket socket_;
  std::string received_;
};

}  // namespace calculator
