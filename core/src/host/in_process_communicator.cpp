#include <synod/in_process_communicator.hpp>

#include <synod/check.hpp>
#include <synod/prng.hpp>

#include <asio/basic_waitable_timer.hpp>
#include <asio/post.hpp>

#include <chrono>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace synod {
namespace {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Strand>;

// A node as the network knows it.
struct Endpoint {
  Strand strand;
  LocalIdentity self;
  Receiver* receiver = nullptr;  // Null after stop(); on the strand only.
};

void deliver(const std::shared_ptr<Endpoint>& endpoint, std::vector<Received> received,
             Duration delay) {
  auto arrive = [endpoint, received = std::move(received)]() mutable {
    if (endpoint->receiver != nullptr) endpoint->receiver->receive(received);
  };
  if (delay <= Duration(0)) return asio::post(endpoint->strand, std::move(arrive));
  auto timer = std::make_shared<Timer>(endpoint->strand, delay);
  timer->async_wait([timer, arrive = std::move(arrive)](const asio::error_code& error) mutable {
    if (!error) arrive();
  });
}

}  // namespace

class InProcessNetwork::Implementation {
 public:
  explicit Implementation(const InProcessOptions& options)
      : options_(options), prng_(options.seed) {}

  void add(const std::shared_ptr<Endpoint>& endpoint) {
    const std::lock_guard lock(mutex_);
    endpoints_[{endpoint->self.cluster, endpoint->self.id}] = endpoint;
  }

  void remove(const std::shared_ptr<Endpoint>& endpoint) {
    const std::lock_guard lock(mutex_);
    const auto found = endpoints_.find({endpoint->self.cluster, endpoint->self.id});
    if (found != endpoints_.end() && found->second == endpoint) endpoints_.erase(found);
  }

  void send(const LocalIdentity& from, std::span<const Outgoing> turn) {
    const std::lock_guard lock(mutex_);
    std::map<NodeId, std::vector<Received>> at_once;
    for (const Outgoing& outgoing : turn) {
      for (const NodeId to : outgoing.to) {
        const Received message = {from.id, from.incarnation, outgoing.message};
        for (std::uint64_t copy = copies(); copy > 0; --copy) {
          if (options_.delay_max <= Duration(0)) {
            at_once[to].push_back(message);
          } else {
            deliver_to(from.cluster, to, {message},
                       prng_.between(options_.delay_min, options_.delay_max));
          }
        }
      }
    }
    for (auto& [to, messages] : at_once) {
      deliver_to(from.cluster, to, std::move(messages), Duration(0));
    }
  }

  std::uint64_t delivered() const { return locked(delivered_); }
  std::uint64_t lost() const { return locked(lost_); }

 private:
  std::uint64_t locked(const std::uint64_t& counter) const {
    const std::lock_guard lock(mutex_);
    return counter;
  }

  // How many of a message arrive.
  std::uint64_t copies() {
    if (prng_.chance(options_.loss)) {
      ++lost_;
      return 0;
    }
    return prng_.chance(options_.duplication) ? 2 : 1;
  }

  // Under the lock, so that a strand is used only while its node has not stopped.
  void deliver_to(ClusterId cluster, NodeId to, std::vector<Received> messages, Duration delay) {
    const auto found = endpoints_.find({cluster, to});
    if (found == endpoints_.end()) return;
    delivered_ += messages.size();
    deliver(found->second, std::move(messages), delay);
  }

  const InProcessOptions options_;
  mutable std::mutex mutex_;
  // State below is guarded by the mutex.
  Prng prng_;
  std::map<std::pair<ClusterId, NodeId>, std::shared_ptr<Endpoint>> endpoints_;
  std::uint64_t delivered_ = 0;
  std::uint64_t lost_ = 0;
};

class InProcessNetwork::Connection final : public Communicator {
 public:
  Connection(std::shared_ptr<Implementation> network, Strand strand)
      : network_(std::move(network)),
        endpoint_(std::make_shared<Endpoint>(Endpoint{std::move(strand), {}, nullptr})) {}
  ~Connection() override { stop(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start(const LocalIdentity& self, Receiver& receiver) override {
    SYNOD_CHECK(endpoint_->receiver == nullptr, "start() is called once");
    endpoint_->self = self;
    endpoint_->receiver = &receiver;
    network_->add(endpoint_);
  }
  void send(std::span<const Outgoing> turn) override {
    if (endpoint_->receiver != nullptr) network_->send(endpoint_->self, turn);
  }
  void reach(const std::vector<Member>&) override {}
  void stop() override {
    if (endpoint_->receiver == nullptr) return;
    endpoint_->receiver = nullptr;
    network_->remove(endpoint_);
  }

 private:
  std::shared_ptr<Implementation> network_;
  std::shared_ptr<Endpoint> endpoint_;
};

InProcessNetwork::InProcessNetwork(const InProcessOptions& options)
    : implementation_(std::make_shared<Implementation>(options)) {}
InProcessNetwork::~InProcessNetwork() = default;

std::unique_ptr<Communicator> InProcessNetwork::connect(Strand strand) {
  return std::make_unique<Connection>(implementation_, std::move(strand));
}

std::uint64_t InProcessNetwork::delivered() const { return implementation_->delivered(); }
std::uint64_t InProcessNetwork::lost() const { return implementation_->lost(); }

}  // namespace synod
