#include <synod/tcp_communicator.hpp>

#include <synod/check.hpp>
#include <synod/wire.hpp>

#include "host/tcp_address.hpp"
#include "host/tcp_peer.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <utility>

namespace synod {

using tcp_detail::Frame;
using tcp_detail::HostAndPort;
using tcp_detail::Socket;
using tcp_detail::TcpConnection;
using tcp_detail::TcpPeer;
using tcp_detail::Timer;
using asio::ip::tcp;

namespace {

// After an accept that failed, for want of file descriptors say.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

std::uint64_t drawn() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

// Handlers share it; after stop() none of them does anything.
class TcpCommunicator::Implementation final
    : public std::enable_shared_from_this<Implementation>,
      private tcp_detail::TcpConnectionOwner {
 public:
  Implementation(Strand strand, std::string address, TcpOptions options)
      : shared_{.strand = strand,
                .options = options,
                .stats = {},
                .prng = Prng(options.seed != 0 ? options.seed : drawn()),
                .self = {},
                .owner = this,
                .retired = {}},
        address_(std::move(address)),
        acceptor_(strand),
        accept_pause_(strand) {}

  absl::Status listen();
  std::uint16_t port() const { return port_; }
  const TcpStats& stats() const { return shared_.stats; }
  bool is_connected(NodeId id) const;

  void start(const LocalIdentity& self, Receiver& receiver);
  void send(std::span<const Outgoing> turn);
  void reach(const std::vector<Member>& members);
  void stop();

 private:
  using Acceptor = asio::basic_socket_acceptor<tcp, Strand>;

  asio::error_code bind(const HostAndPort& where);
  asio::error_code bind(const tcp::endpoint& endpoint);
  void accept();
  void on_accepted(Socket socket);
  Frame encode(const Message& message);
  TcpPeer* find(NodeId id) const;
  TcpPeer& peer(NodeId id);

  bool on_hello(TcpConnection& connection) override;
  void on_up(TcpConnection& connection) override;
  void on_received(std::span<Received> received) override;
  void on_writable(TcpConnection& connection) override;
  void on_ended(TcpConnection& connection) override;

  TcpPeer::Shared shared_;
  const std::string address_;
  Acceptor acceptor_;
  Timer accept_pause_;
  std::uint16_t port_ = 0;
  Envelope envelope_;
  Receiver* receiver_ = nullptr;  // Null before start() and after stop().

  std::map<NodeId, std::shared_ptr<TcpPeer>> peers_;
  // Accepted, and not up yet; the oldest first.
  std::vector<std::shared_ptr<TcpConnection>> greeting_;
  std::vector<TcpPeer*> touched_;  // By the send() that runs.
};

absl::Status TcpCommunicator::Implementation::listen() {
  const std::optional<HostAndPort> where = tcp_detail::parse_address(address_);
  if (!where) {
    return absl::InvalidArgumentError("\"" + address_ + "\" is no address: host:port is expected.");
  }
  const asio::error_code error = bind(*where);
  if (error) {
    asio::error_code ignored;
    acceptor_.close(ignored);
    return absl::UnavailableError("Cannot listen at " + address_ + ": " + error.message() + ".");
  }
  port_ = acceptor_.local_endpoint().port();
  return absl::OkStatus();
}

asio::error_code TcpCommunicator::Implementation::bind(const HostAndPort& where) {
  asio::error_code error;
  const auto port = static_cast<std::uint16_t>(std::stoul(where.port));
  if (where.host.empty()) return bind(tcp::endpoint(tcp::v4(), port));
  const asio::ip::address number = asio::ip::make_address(where.host, error);
  if (!error) return bind(tcp::endpoint(number, port));

  asio::ip::basic_resolver<tcp, Strand> resolver(shared_.strand);
  const auto found = resolver.resolve(where.host, where.port, tcp::resolver::passive, error);
  return error ? error : bind(found.begin()->endpoint());
}

asio::error_code TcpCommunicator::Implementation::bind(const tcp::endpoint& endpoint) {
  asio::error_code error;
  // Connections of the process before would otherwise keep the port for a minute.
  if (!acceptor_.open(endpoint.protocol(), error) &&
      !acceptor_.set_option(tcp::acceptor::reuse_address(true), error) &&
      !acceptor_.bind(endpoint, error)) {
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
  }
  return error;
}

bool TcpCommunicator::Implementation::is_connected(NodeId id) const {
  const TcpPeer* const found = find(id);
  return found != nullptr && found->is_connected();
}

void TcpCommunicator::Implementation::start(const LocalIdentity& self, Receiver& receiver) {
  SYNOD_CHECK(acceptor_.is_open(), "listen() succeeds before start()");
  SYNOD_CHECK(receiver_ == nullptr, "start() is called once");
  receiver_ = &receiver;
  envelope_ = {.cluster = self.cluster, .from = self.id, .incarnation = self.incarnation};
  shared_.self = {.version = kFormatVersion,
                  .cluster = self.cluster,
                  .id = self.id,
                  .incarnation = self.incarnation,
                  .session = drawn()};
  accept();
}

void TcpCommunicator::Implementation::accept() {
  acceptor_.async_accept([self = shared_from_this()](const asio::error_code& error, Socket socket) {
    if (self->receiver_ == nullptr) return;
    if (!error) {
      self->on_accepted(std::move(socket));
      return self->accept();
    }
    self->accept_pause_.expires_after(kAcceptPause);
    self->accept_pause_.async_wait([self](const asio::error_code& stopped) {
      if (!stopped && self->receiver_ != nullptr) self->accept();
    });
  });
}

void TcpCommunicator::Implementation::on_accepted(Socket socket) {
  if (greeting_.size() >= shared_.options.handshakes_max) {
    // The oldest has had the most time; one that means it needs next to none.
    ++shared_.stats.handshakes_dropped;
    greeting_.front()->close();
    greeting_.erase(greeting_.begin());
  }
  greeting_.push_back(std::make_shared<TcpConnection>(std::move(socket), shared_.self,
                                                      shared_.options, shared_.stats, *shared_.owner));
  greeting_.back()->accept();
}

void TcpCommunicator::Implementation::send(std::span<const Outgoing> turn) {
  if (receiver_ == nullptr) return;
  touched_.clear();
  for (const Outgoing& outgoing : turn) {
    Frame frame;  // One for all receivers.
    for (const NodeId id : outgoing.to) {
      TcpPeer* const receiver = find(id);
      if (receiver == nullptr) {
        ++shared_.stats.receivers_unknown;
        continue;
      }
      if (!frame) frame = encode(outgoing.message);
      if (!frame) break;
      receiver->push(frame);
      if (std::find(touched_.begin(), touched_.end(), receiver) == touched_.end()) {
        touched_.push_back(receiver);
      }
    }
  }
  for (TcpPeer* const receiver : touched_) receiver->flush();
}

Frame TcpCommunicator::Implementation::encode(const Message& message) {
  auto bytes = std::make_shared<Bytes>();
  encode_frame(envelope_, message, *bytes);
  if (bytes->size() <= shared_.options.limits.frame_bytes_max) return bytes;
  ++shared_.stats.frames_refused;
  return nullptr;
}

void TcpCommunicator::Implementation::reach(const std::vector<Member>& members) {
  if (receiver_ == nullptr) return;
  for (const auto& [id, known] : peers_) {
    const bool stays = std::any_of(members.begin(), members.end(),
                                   [id = id](const Member& member) { return member.id == id; });
    if (!stays) known->leave();
  }
  std::erase_if(peers_, [](const auto& known) {
    const bool gone = known.second->is_guest() && !known.second->is_connected();
    if (gone) known.second->close();
    return gone;
  });
  for (const Member& member : members) {
    if (member.id != shared_.self.id) peer(member.id).reach(member.address);
  }
}

void TcpCommunicator::Implementation::stop() {
  receiver_ = nullptr;
  asio::error_code ignored;
  acceptor_.close(ignored);
  accept_pause_.cancel();
  for (const auto& [id, known] : peers_) known->close();
  for (const auto& connection : greeting_) connection->close();
  for (const auto& connection : shared_.retired) connection->close();
  peers_.clear();
  greeting_.clear();
  shared_.retired.clear();
}

TcpPeer* TcpCommunicator::Implementation::find(NodeId id) const {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : found->second.get();
}

TcpPeer& TcpCommunicator::Implementation::peer(NodeId id) {
  std::shared_ptr<TcpPeer>& known = peers_[id];
  if (!known) known = std::make_shared<TcpPeer>(id, shared_);
  return *known;
}

bool TcpCommunicator::Implementation::on_hello(TcpConnection& connection) {
  const tcp_detail::Hello& hello = connection.peer();
  const bool expected = !connection.is_dialled() || connection.expected() == hello.id;
  if (hello.cluster != shared_.self.cluster || hello.id == NodeId() ||
      hello.id == shared_.self.id || !expected) {
    ++shared_.stats.strangers;
    return false;
  }
  const auto guests = std::count_if(peers_.begin(), peers_.end(), [](const auto& known) {
    return known.second->is_guest();
  });
  if (find(hello.id) != nullptr || guests < shared_.options.guests_max) return true;
  ++shared_.stats.guests_refused;
  return false;
}

void TcpCommunicator::Implementation::on_up(TcpConnection& connection) {
  std::erase(greeting_, connection.shared_from_this());
  peer(connection.peer().id).adopt(connection);
}

void TcpCommunicator::Implementation::on_received(std::span<Received> received) {
  receiver_->receive(received);
}

void TcpCommunicator::Implementation::on_writable(TcpConnection& connection) {
  if (TcpPeer* const found = find(connection.peer().id)) found->flush();
}

void TcpCommunicator::Implementation::on_ended(TcpConnection& connection) {
  const std::shared_ptr<TcpConnection> ended = connection.shared_from_this();
  std::erase(greeting_, ended);
  std::erase(shared_.retired, ended);
  const NodeId id = connection.is_dialled() ? connection.expected() : connection.peer().id;
  TcpPeer* const found = find(id);
  if (found == nullptr) return;
  found->lost(connection);
  if (!found->is_guest() || found->is_connected()) return;
  found->close();
  peers_.erase(id);
}

TcpCommunicator::TcpCommunicator(Strand strand, std::string address, TcpOptions options)
    : implementation_(std::make_shared<Implementation>(std::move(strand), std::move(address),
                                                       options)) {}
TcpCommunicator::~TcpCommunicator() { implementation_->stop(); }

absl::Status TcpCommunicator::listen() { return implementation_->listen(); }
std::uint16_t TcpCommunicator::port() const { return implementation_->port(); }
const TcpStats& TcpCommunicator::stats() const { return implementation_->stats(); }
bool TcpCommunicator::is_connected(NodeId id) const { return implementation_->is_connected(id); }

void TcpCommunicator::start(const LocalIdentity& self, Receiver& receiver) {
  implementation_->start(self, receiver);
}
void TcpCommunicator::send(std::span<const Outgoing> turn) { implementation_->send(turn); }
void TcpCommunicator::reach(const std::vector<Member>& members) {
  implementation_->reach(members);
}
void TcpCommunicator::stop() { implementation_->stop(); }

}  // namespace synod
