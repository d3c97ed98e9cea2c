#include "support/small_world.hpp"

#include <algorithm>
#include <utility>

namespace synod::testing {

// --- World ---------------------------------------------------------------------------------------

void World::at(Timestamp time, absl::AnyInvocable<void()> work) {
  work_.emplace(std::pair(std::max(time, now_), ++last_), std::move(work));
}

bool World::run_one(Timestamp end) {
  if (work_.empty() || work_.begin()->first.first > end) {
    now_ = std::max(now_, end);
    return false;
  }
  auto first = work_.extract(work_.begin());
  now_ = first.key().first;
  first.mapped()();
  return true;
}

void World::run_for(Duration duration) {
  const Timestamp end = now_.after(duration);
  while (run_one(end)) {
  }
}

bool World::run_until(const std::function<bool()>& condition, Duration longest) {
  const Timestamp end = now_.after(longest);
  while (!condition()) {
    if (!run_one(end)) {
      return condition();
    }
  }
  return true;
}

// --- Runtime -------------------------------------------------------------------------------------

void WorldRuntime::post(absl::AnyInvocable<void()> work) {
  world_->at(world_->now(), std::move(work));
}

void WorldRuntime::on_wake(absl::AnyInvocable<void()> waker) { waker_->call = std::move(waker); }

void WorldRuntime::wake_at(Timestamp deadline) {
  const std::uint64_t armed = ++waker_->armed;
  if (deadline == Timestamp::max()) {
    return;
  }
  world_->at(deadline, [weak = std::weak_ptr<Waker>(waker_), armed] {
    const auto waker = weak.lock();
    if (waker != nullptr && waker->armed == armed) {
      waker->call();
    }
  });
}

// --- Storage -------------------------------------------------------------------------------------

void WorldStorage::load(LoadDone done) {
  absl::StatusOr<Loaded> result =
      Loaded{disk_->written ? MemoryKind::kIntact : MemoryKind::kAbsent, disk_->records,
             disk_->snapshot, {}};
  if (!load_status.ok()) {
    result = load_status;
  }
  world_->at(world_->now(),
             [done = std::move(done), result = std::move(result)]() mutable { done(result); });
}

void WorldStorage::keep(const WriteBatch& batch) {
  if (batch.checkpoint) {
    disk_->records.clear();
  }
  disk_->written = true;
  ++disk_->writes;
  disk_->records.insert(disk_->records.end(), batch.records.begin(), batch.records.end());
}

WriteStart WorldStorage::write(const WriteBatch& batch, WriteDone done) {
  if (mode == Mode::kAtOnce) {
    keep(batch);
    return WriteStart::kWritten;
  }
  batch_ = &batch;
  done_ = std::move(done);
  if (mode != Mode::kNever) {
    absl::Status status;
    status = mode == Mode::kFull ? absl::ResourceExhaustedError("disk full") : status;
    status = mode == Mode::kBroken ? absl::DataLossError("sync failed") : status;
    world_->at(world_->now().after(latency), [this, alive = alive_, status] {
      if (*alive) {
        complete(status);
      }
    });
  }
  return WriteStart::kPending;
}

bool WorldStorage::complete(absl::Status status) {
  if (batch_ == nullptr) {
    return false;
  }
  if (status.ok()) {
    keep(*batch_);
  }
  batch_ = nullptr;
  std::exchange(done_, nullptr)(std::move(status));
  return true;
}

void WorldStorage::save(SnapshotPtr snapshot, WriteDone done) {
  world_->at(world_->now().after(latency), [this, alive = alive_, snapshot = std::move(snapshot),
                                            done = std::move(done)]() mutable {
    if (!*alive) return;
    if (mode == Mode::kFull) return done(absl::ResourceExhaustedError("full"));
    disk_->snapshot = std::move(snapshot);
    done(absl::OkStatus());
  });
}

// --- Network -------------------------------------------------------------------------------------

void Network::deliver(NodeId from, NodeId to, const Message& message, Duration after) {
  const auto sender = ports_.find(from);
  if (sender == ports_.end()) {
    return;
  }
  const Incarnation incarnation = sender->second->incarnation;
  world_->at(world_->now().after(after), [this, from, to, incarnation, message] {
    const auto found = ports_.find(to);
    if (found == ports_.end()) {
      return;
    }
    const std::shared_ptr<Port> port = found->second;
    port->inbox.push_back({from, incarnation, message});
    if (std::exchange(port->posted, true)) {
      return;
    }
    world_->at(world_->now(), [port] {
      port->posted = false;
      std::vector<Received> inbox = std::exchange(port->inbox, {});
      if (port->receiver != nullptr) {
        port->receiver->receive(inbox);
      }
    });
  });
}

void WorldCommunicator::start(const LocalIdentity& self, Receiver& receiver) {
  self_ = self.id;
  auto port = std::make_shared<Network::Port>();
  port->receiver = &receiver;
  port->incarnation = self.incarnation;
  network_->ports_[self_] = std::move(port);
}

void WorldCommunicator::send(std::span<const Outgoing> turn) {
  ++sends;
  ++network_->turns_;
  for (const Outgoing& outgoing : turn) {
    if (network_->record) {
      network_->sent.push_back({self_, outgoing.to, outgoing.message, network_->turns_});
    }
    for (const NodeId to : outgoing.to) {
      if (network_->lost && network_->lost(self_, to, outgoing.message)) {
        continue;
      }
      network_->deliver(self_, to, outgoing.message, network_->delay);
      if (network_->echoed && network_->echoed(self_, to, outgoing.message)) {
        network_->deliver(self_, to, outgoing.message, network_->delay + network_->echo_after);
      }
    }
  }
}

void WorldCommunicator::stop() {
  stopped = true;
  const auto port = network_->ports_.find(self_);
  if (port != network_->ports_.end()) {
    port->second->receiver = nullptr;
    network_->ports_.erase(port);
  }
}

}  // namespace synod::testing
