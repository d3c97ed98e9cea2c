// File: line_server.hpp
//
// A TCP port at which clients ask by lines. Whatever a client sends or fails to read costs bounded
// memory, and others notice nothing of it.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include <absl/status/status.h>
#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <synod/types.hpp>

namespace calculator {

struct LineServerOptions {
  std::size_t line_bytes_max = 4096;
  // Past it, whoever has been idle for longest has to go.
  std::size_t clients_max = 4096;
  // A client that does not take an answer for this long has to go.
  synod::Duration write_timeout = std::chrono::seconds(30);
};

// Everything is called on one thread, which also runs the executor.
class LineServer {
 public:
  // Answers one line; the answer has no end of line. Called for the lines of a client one after the
  // other, for those of different clients at once.
  using Answer = std::function<asio::awaitable<std::string>(std::string line)>;

  LineServer(asio::any_io_executor executor, Answer answer, LineServerOptions options = {});
  ~LineServer();
  LineServer(const LineServer&) = delete;
  LineServer& operator=(const LineServer&) = delete;

  // Binds "host:port"; may resolve a name, and then blocks. The error names the address.
  [[nodiscard]] absl::Status listen(const std::string& address);
  // What was bound, as "host:port".
  [[nodiscard]] std::string address() const;
  // Serves from now on. Requires: listen() succeeded.
  void start();
  // Takes no more clients and no more lines; answers that are under way still leave.
  void stop();
  // Ends every connection at once.
  void close();

  [[nodiscard]] std::size_t clients() const;

 private:
  struct Session;
  struct Shared;

  static asio::awaitable<void> accept(std::shared_ptr<Shared> shared);
  static asio::awaitable<void> serve(std::shared_ptr<Shared> shared,
                                     std::shared_ptr<Session> session);
  static asio::awaitable<void> answer_lines(Shared& shared, Session& session);
  static asio::awaitable<bool> write(Shared& shared, Session& session, std::string text);

  std::shared_ptr<Shared> shared_;  // Outlives the server for as long as a connection ends.
};

}  // namespace calculator
