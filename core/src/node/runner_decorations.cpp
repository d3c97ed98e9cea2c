#include <algorithm>
#include <utility>
#include <variant>

#include "node/runner_implementation.hpp"

namespace synod {

void Runner::Implementation::Context::send(std::span<const NodeId> to,
                                           std::span<const std::byte> bytes) {
  Outgoing outgoing;
  const NodeId self = runner_->options_.replica.id;
  std::copy_if(to.begin(), to.end(), std::back_inserter(outgoing.to),
               [self](NodeId node) { return node != self; });
  if (outgoing.to.empty() || !runner_->active()) {
    return;
  }
  const std::string_view name = runner_->hooks_[place_].decoration->name();
  outgoing.message = Note{std::string(name), Payload::copy_of(bytes)};
  runner_->leaving_.push_back(std::move(outgoing));
  runner_->schedule_turn();
}

void Runner::Implementation::show(const Event& event) {
  for (Hook& hook : hooks_) {
    hook.decoration->on_event(*hook.context, event);
  }
  obey(event);
  if (observer) {
    observer(event);
  }
}

// What the runner itself does about an event.
void Runner::Implementation::obey(const Event& event) {
  if (const auto* applied = std::get_if<Applied>(&event)) {
    membership_may_have_changed_ = true;
    on(*applied);
  } else if (const auto* failed = std::get_if<AppendFailed>(&event)) {
    on(*failed);
  } else if (const auto* ready = std::get_if<ReadReady>(&event)) {
    on(*ready);
  } else if (const auto* read_failed = std::get_if<ReadFailed>(&event)) {
    on(*read_failed);
  } else if (const auto* taken = std::get_if<SnapshotTaken>(&event)) {
    on(*taken);
  } else if (std::holds_alternative<Installed>(event)) {
    membership_may_have_changed_ = true;
    on_installed();
  } else if (std::holds_alternative<ParticipationChanged>(event) ||
             std::holds_alternative<Started>(event)) {
    membership_may_have_changed_ = true;
  }
}

void Runner::Implementation::deliver_note(NodeId from, const Note& note) {
  for (Hook& hook : hooks_) {
    if (hook.decoration->name() == note.name) {
      hook.decoration->on_message(*hook.context, from, note.bytes.bytes());
      return;
    }
  }
}

void Runner::Implementation::run_decoration_deadlines() {
  for (Hook& hook : hooks_) {
    if (hook.decoration->deadline() <= now_) {
      hook.decoration->on_deadline(*hook.context);
    }
  }
}

void Runner::Implementation::shut_decorations_down() {
  for (Hook& hook : hooks_) {
    hook.decoration->on_shut_down(*hook.context);
  }
}

}  // namespace synod
