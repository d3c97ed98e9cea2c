#include "simulation/workload.hpp"

#include <utility>

#include <synod/status.hpp>

namespace synod::simulation {
namespace {

constexpr std::uint32_t kAttemptsMax = 4;

}  // namespace

Workload::Workload(World& world, Nodes& nodes, std::uint64_t seed, std::uint64_t entries)
    : world_(world), nodes_(nodes), prng_(seed), entries_(entries) {
  using std::chrono::milliseconds;
  clients_.resize(1 + prng_.below(8));
  // Some runs are busy, others so slow that many faults strike in them.
  think_max_ = prng_.between(milliseconds(0), milliseconds(40));
  think_max_ *= 1 << prng_.below(5);
  timeout_ = prng_.between(milliseconds(200), milliseconds(5000));
  reads_share_ = static_cast<double>(prng_.below(40)) / 100.0;
  loyalty_ = static_cast<double>(prng_.below(100)) / 100.0;
}

void Workload::begin() {
  for (std::size_t i = 0; i < clients_.size(); ++i) next_after(i, Duration::zero());
}

std::uint64_t Workload::outstanding_at(NodeSet nodes) const {
  std::uint64_t count = 0;
  for (const Client& client : clients_) {
    if (client.busy && has(nodes, client.node)) ++count;
  }
  return count;
}

void Workload::next_after(std::size_t client, Duration pause) {
  world_.scheduler.at(world_.scheduler.now().after(pause), [this, client] { next(client); });
}

SimulatedNode* Workload::pick_node(const Client& client) {
  const bool stays = client.served_by != NodeId() && prng_.chance(loyalty_);
  SimulatedNode& node = *nodes_[stays ? client.served_by.value() - 1 : prng_.below(nodes_.size())];
  return node.ready() && !node.paused() ? &node : nullptr;
}

void Workload::next(std::size_t client) {
  if (ended_ || clients_[client].busy) return;
  SimulatedNode* node = pick_node(clients_[client]);
  if (node == nullptr) {
    clients_[client].served_by = NodeId();
    next_after(client, std::chrono::milliseconds(20));
    return;
  }
  if (clients_[client].attempts == 0 && prng_.chance(reads_share_)) {
    read(client, *node);
  } else {
    append(client, *node);
  }
}

void Workload::append(std::size_t index, SimulatedNode& node) {
  Client& client = clients_[index];
  if (client.attempts == 0) {
    if (begun_ >= entries_) return;
    ++begun_;
    const EntryId id = prng_.entry_id();
    client.entry = world_.observer->make_entry(begun_);
    client.mints_id = client.entry.id.is_nil();
    const RoundNum soon = node.applied().plus(20 + prng_.below(400));
    const bool expires = prng_.chance(0.2);
    if (client.mints_id) client.entry.id = id;
    if (client.mints_id && expires) client.entry.last_round = soon;
  }
  ++client.attempts;
  ++stats_.appends;
  client.busy = true;
  client.reading = false;
  client.node = node.id();
  const std::uint64_t operation = ++client.operation;
  AppendRequest request;
  request.entry = client.entry;
  request.deadline = node.local_now().after(timeout_);
  request.id_minted_here = client.mints_id && client.attempts == 1;
  request.done = [this, index, operation](const absl::StatusOr<AppendReceipt>& result) {
    appended(index, operation, result);
  };
  if (world_.tracing()) {
    world_.tell(Happening::kAppendAsked, node.id(),
                "asked to append " + world_.observer->describe(client.entry));
  }
  world_.checker.on_append(client.entry.id);
  world_.observer->on_append({index, node.id()}, client.entry);
  node.append(std::move(request));
}

void Workload::appended(std::size_t index, std::uint64_t operation,
                        const absl::StatusOr<AppendReceipt>& result) {
  Client& client = clients_[index];
  if (!client.busy || client.operation != operation) {
    world_.checker.violation("I17", "an append was answered twice");
    return;
  }
  client.busy = false;
  client.served_by = result.ok() ? client.node : NodeId();
  world_.observer->on_append_answer({index, client.node}, client.entry, result);
  if (result.ok()) {
    ++stats_.acknowledged;
    tell_acknowledged(client, result->round);
    world_.checker.on_acknowledged(client.entry.id, result->round);
    client.attempts = 0;
    next_after(index, prng_.between(Duration::zero(), think_max_));
    return;
  }
  ++stats_.failed;
  if (world_.tracing()) {
    world_.tell(
        Happening::kAppendFailed, client.node,
        "failed " + world_.observer->describe(client.entry) + ": " + result.status().ToString());
  }
  const std::optional<AppendError> error = append_error(result.status());
  const bool certain = error && error->fate == Fate::kDidNotHappen;
  world_.checker.on_failed(client.entry.id,
                           certain ? ClientView::kDidNotHappen : ClientView::kUnknown);
  retry_or_go_on(index);
}

void Workload::tell_acknowledged(const Client& client, RoundNum round) const {
  if (!world_.tracing()) return;
  Moment moment{.happening = Happening::kAppendAnswered,
                .node = client.node,
                .text = "acknowledged " + world_.observer->describe(client.entry) + " in r" +
                        to_string(round)};
  moment.first = moment.last = round;
  world_.tell(std::move(moment));
}

// An entry of unknown fate is sent again, often to another node, under the same id and expiry.
void Workload::retry_or_go_on(std::size_t index) {
  Client& client = clients_[index];
  if (client.attempts >= kAttemptsMax || prng_.chance(0.4)) client.attempts = 0;
  next_after(index, prng_.between(Duration::zero(), think_max_));
}

void Workload::read(std::size_t index, SimulatedNode& node) {
  Client& client = clients_[index];
  client.busy = true;
  client.reading = true;
  client.node = node.id();
  client.bound = world_.checker.read_begins();
  const std::uint64_t operation = ++client.operation;
  ReadRequest request;
  request.deadline = node.local_now().after(timeout_);
  request.done = [this, index, operation](const absl::Status& status) {
    was_read(index, operation, status);
  };
  world_.tell(Happening::kReadAsked, node.id(), "asked to read");
  world_.observer->on_read({index, node.id()});
  node.read(std::move(request));
}

void Workload::was_read(std::size_t index, std::uint64_t operation, const absl::Status& status) {
  Client& client = clients_[index];
  if (!client.busy || client.operation != operation) {
    world_.checker.violation("I17", "a read was answered twice");
    return;
  }
  client.busy = false;
  if (status.ok()) {
    ++stats_.reads;
    const RoundNum applied = nodes_[client.node.value() - 1]->applied();
    if (world_.tracing()) {
      world_.tell(Happening::kReadAnswered, client.node, "read after r" + to_string(applied));
    }
    world_.checker.on_read(client.node, client.bound, applied);
    world_.observer->on_read_answer({index, client.node}, applied);
  } else if (world_.tracing()) {
    world_.tell(Happening::kReadFailed, client.node, "no read: " + status.ToString());
  }
  next_after(index, prng_.between(Duration::zero(), think_max_));
}

void Workload::node_died(NodeId node) {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    Client& client = clients_[i];
    if (!client.busy || client.node != node) continue;
    client.busy = false;
    client.served_by = NodeId();
    if (client.reading) {
      next_after(i, prng_.between(Duration::zero(), think_max_));
    } else {
      world_.checker.on_failed(client.entry.id, ClientView::kUnknown);
      retry_or_go_on(i);
    }
  }
}

}  // namespace synod::simulation
