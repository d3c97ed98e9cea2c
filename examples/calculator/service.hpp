// File: service.hpp
//
// A node with the calculator on it, and how it answers what clients ask.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <synod/decorations/track_leadership.hpp>
#include <synod/node.hpp>
#include <synod/prng.hpp>

#include "answers.hpp"
#include "calculator.hpp"
#include "lines.hpp"

namespace calculator {

struct ServiceOptions {
  synod::NodeOptions node;
  std::string address;    // Where the other nodes reach it, "host:port".
  std::string directory;  // Of the journal.
};

// Runs on one thread, which runs `io`; everything is called there.
class Service {
 public:
  // `log` is given lines for a person, without their ends, for as long as the io_context runs.
  Service(asio::io_context& io, ServiceOptions options, std::function<void(std::string)> log);

  [[nodiscard]] asio::awaitable<absl::Status> start();
  [[nodiscard]] asio::awaitable<absl::Status> shut_down();
  // Ok after a shutting down, else why the node stopped by itself.
  [[nodiscard]] asio::awaitable<absl::Status> wait_stopped();

  // Answers a line of a client's; the answer has no end of line.
  [[nodiscard]] asio::awaitable<std::string> answer(std::string line);

 private:
  [[nodiscard]] asio::awaitable<std::string> answer(const Calculation& calculation);
  [[nodiscard]] asio::awaitable<std::string> answer(const Value& value);
  [[nodiscard]] asio::awaitable<std::string> answer(const Status& status);
  [[nodiscard]] asio::awaitable<std::string> answer(const Snapshot& snapshot);
  void decorate();
  void observe();
  void on(const synod::Event& event);
  void report_participation();

  std::function<void(std::string)> log_;
  synod::Prng prng_;  // For the ids of operations that come without one.
  synod::Node<Calculator> node_;
  std::atomic<std::uint64_t> leader_ = 0;  // 0: none is known. Written on the node's strand.
};

}  // namespace calculator
