#include <synod/node_host.hpp>

#include <utility>

#include "host/node_core.hpp"

namespace synod {

NodeHost::NodeHost(const asio::any_io_executor& executor, NodeOptions options,
                   CommunicatorFactory communicator, StorageFactory storage,
                   std::unique_ptr<OutcomeKeeper> state)
    : core_(std::make_shared<Core>(executor, std::move(options), std::move(communicator),
                                   std::move(storage), std::move(state))) {}

NodeHost::~NodeHost() {
  if (core_ != nullptr) {
    Core::abandon(std::move(core_));
  }
}

NodeHost::NodeHost(NodeHost&&) noexcept = default;

NodeHost& NodeHost::operator=(NodeHost&& other) noexcept {
  NodeHost before(std::move(*this));
  core_ = std::move(other.core_);
  return *this;
}

void NodeHost::add(std::unique_ptr<Decoration> decoration) { core_->add(std::move(decoration)); }
void NodeHost::install_snapshot(SnapshotPtr snapshot) {
  core_->run([core = core_.get(), snapshot = std::move(snapshot)]() mutable {
    core->install_snapshot(std::move(snapshot));
  });
}
void NodeHost::eject(std::string reason) {
  core_->run([core = core_.get(), reason = std::move(reason)]() mutable {
    core->eject(std::move(reason));
  });
}
void NodeHost::on_event(absl::AnyInvocable<void(const Event&)> observer) {
  core_->run([core = core_.get(), observer = std::move(observer)]() mutable {
    core->on_event(std::move(observer));
  });
}
asio::any_io_executor NodeHost::get_executor() const { return core_->strand(); }
ReplicaView NodeHost::view() const { return core_->view(); }
std::string NodeHost::describe() const { return core_->describe(); }

// Whatever lies in the inbox is run by the core that holds the inbox: a plain pointer will do.
namespace node_calls {

asio::any_io_executor executor_of(const NodeCorePtr& core) { return core->strand(); }
void append(const NodeCorePtr& core, std::unique_ptr<PendingAppend> append) {
  core->append(std::move(append));
}
void run(const NodeCorePtr& core, absl::AnyInvocable<void()> work) { core->run(std::move(work)); }

void start(const NodeCorePtr& core, absl::AnyInvocable<void(absl::Status)> done) {
  core->begin_start();
  core->run(
      [core = core.get(), done = std::move(done)]() mutable { core->start(std::move(done)); });
}
void read(const NodeCorePtr& core, ReadOptions options,
          absl::AnyInvocable<void(absl::Status)> done) {
  core->run([core = core.get(), options, done = std::move(done)]() mutable {
    core->read(options, std::move(done));
  });
}
void take_snapshot(const NodeCorePtr& core,
                   absl::AnyInvocable<void(absl::StatusOr<SnapshotPtr>)> done) {
  core->run([core = core.get(), done = std::move(done)]() mutable {
    core->take_snapshot(std::move(done));
  });
}
void status(const NodeCorePtr& core, absl::AnyInvocable<void(NodeStatus)> done) {
  core->run([core = core.get(), done = std::move(done)]() mutable { done(core->status()); });
}
void shut_down(const NodeCorePtr& core, absl::AnyInvocable<void(absl::Status)> done) {
  core->run(
      [core = core.get(), done = std::move(done)]() mutable { core->shut_down(std::move(done)); });
}
void wait_stopped(const NodeCorePtr& core, absl::AnyInvocable<void(absl::Status)> done) {
  core->run([core = core.get(), done = std::move(done)]() mutable {
    core->wait_stopped(std::move(done));
  });
}

}  // namespace node_calls
}  // namespace synod
