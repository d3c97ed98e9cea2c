#include "line_server.hpp"

#include <array>
#include <optional>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include "addresses.hpp"
#include "lines.hpp"

namespace calculator {

using asio::ip::tcp;

struct LineServer::Session : std::enable_shared_from_this<LineServer::Session> {
  Session(tcp::socket connected, std::size_t line_bytes_max)
      : socket(std::move(connected)), patience(socket.get_executor()), lines(line_bytes_max) {}

  void end() {
    asio::error_code ignored;
    ended = true;
    patience.cancel();
    socket.close(ignored);
  }

  tcp::socket socket;
  asio::steady_timer patience;  // Runs while an answer is written.
  LineBuffer lines;
  bool busy = false;   // A line is being answered.
  bool ended = false;  // The connection is closed; what serves it has yet to notice.
  std::list<std::shared_ptr<Session>>::iterator place;  // Among all sessions.
};

struct LineServer::Shared {
  Shared(asio::any_io_executor where, Answer how, LineServerOptions what)
      : executor(std::move(where)),
        answer(std::move(how)),
        options(what),
        acceptor(executor),
        pause(executor) {}

  // Ends the connection that has been idle for longest; of those at work none.
  void make_room() {
    for (const auto& session : sessions) {
      if (!session->busy && !session->ended) return session->end();
    }
  }

  asio::any_io_executor executor;
  Answer answer;
  LineServerOptions options;
  tcp::acceptor acceptor;
  asio::steady_timer pause;  // After an accept that failed.
  std::list<std::shared_ptr<Session>> sessions;  // Whoever was heard of last stands at the end.
  bool stopping = false;
};

LineServer::LineServer(asio::any_io_executor executor, Answer answer, LineServerOptions options)
    : shared_(std::make_shared<Shared>(std::move(executor), std::move(answer), options)) {}

LineServer::~LineServer() { close(); }

absl::Status LineServer::listen(const std::string& address) {
  const auto failed = [&](const std::string& why) {
    return absl::UnavailableError("cannot listen for clients at " + address + ": " + why);
  };
  const std::optional<HostAndPort> where = parse_host_and_port(address);
  if (!where.has_value()) return failed("it is not of the form HOST:PORT");
  asio::error_code error;
  tcp::resolver resolver(shared_->executor);
  const auto found = resolver.resolve(where->host, where->port, tcp::resolver::passive, error);
  if (error) return failed(error.message());
  const tcp::endpoint endpoint = found.begin()->endpoint();
  tcp::acceptor& acceptor = shared_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error ? failed(error.message()) : absl::OkStatus();
}

std::string LineServer::address() const {
  asio::error_code error;
  const tcp::endpoint endpoint = shared_->acceptor.local_endpoint(error);
  const std::string host = endpoint.address().to_string();
  const bool bracketed = endpoint.address().is_v6();
  return (bracketed ? '[' + host + ']' : host) + ':' + std::to_string(endpoint.port());
}

std::size_t LineServer::clients() const { return shared_->sessions.size(); }

void LineServer::start() { asio::co_spawn(shared_->executor, accept(shared_), asio::detached); }

void LineServer::stop() {
  asio::error_code ignored;
  shared_->stopping = true;
  shared_->acceptor.close(ignored);
  shared_->pause.cancel();
  for (const auto& session : shared_->sessions) {
    if (!session->busy) session->end();
  }
}

void LineServer::close() {
  stop();
  for (const auto& session : shared_->sessions) session->end();
}

asio::awaitable<void> LineServer::accept(std::shared_ptr<Shared> shared) {
  while (!shared->stopping) {
    asio::error_code error;
    tcp::socket socket =
        co_await shared->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (shared->stopping) co_return;
    if (error) {  // No descriptors left, for instance: whoever is idle gives one back.
      shared->make_room();
      shared->pause.expires_after(std::chrono::milliseconds(50));
      co_await shared->pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    if (shared->sessions.size() >= shared->options.clients_max) shared->make_room();
    asio::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto session =
        std::make_shared<Session>(std::move(socket), shared->options.line_bytes_max);
    session->place = shared->sessions.insert(shared->sessions.end(), session);
    asio::co_spawn(shared->executor, serve(shared, session), asio::detached);
  }
}

asio::awaitable<void> LineServer::serve(std::shared_ptr<Shared> shared,
                                        std::shared_ptr<Session> session) {
  co_await answer_lines(*shared, *session);
  session->end();
  shared->sessions.erase(session->place);
}

// Reads no further before everything that it read is answered: the client's own buffers fill up then.
asio::awaitable<void> LineServer::answer_lines(Shared& shared, Session& session) {
  std::array<char, 4096> bytes;
  bool open = true;
  while (!shared.stopping) {
    std::optional<LineBuffer::Line> line = session.lines.next();
    if (!line.has_value() && open) {
      asio::error_code error;
      const std::size_t size = co_await session.socket.async_read_some(
          asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
      if (error && error != asio::error::eof) co_return;
      open = !error;
      session.lines.add(std::string_view(bytes.data(), size));
      shared.sessions.splice(shared.sessions.end(), shared.sessions, session.place);
      continue;
    }
    if (!line.has_value()) line = session.lines.rest();
    if (!line.has_value()) co_return;
    session.busy = true;
    std::string answer = "error the line is too long";
    if (!line->too_long) {
      std::string text = std::move(line->text);
      answer = co_await shared.answer(std::move(text));
    }
    answer += '\n';
    const bool written = co_await write(shared, session, std::move(answer));
    session.busy = false;
    if (!written) co_return;
  }
}

asio::awaitable<bool> LineServer::write(Shared& shared, Session& session, std::string text) {
  session.patience.expires_after(shared.options.write_timeout);
  session.patience.async_wait([held = session.shared_from_this()](const asio::error_code& stopped) {
    if (!stopped) held->end();
  });
  asio::error_code error;
  co_await asio::async_write(session.socket, asio::buffer(text),
                             asio::redirect_error(asio::use_awaitable, error));
  session.patience.cancel();
  co_return !error;
}

}  // namespace calculator
