#include <algorithm>
#include <utility>

#include <synod/probe.hpp>

#include "node/runner_implementation.hpp"

namespace synod {
namespace {

// A turn that feeds itself (a decoration that appends on every event, over a storage that is done
// at once) goes on in the next one after this many passes, so that others get their turns too.
constexpr int kPassesMax = 32;

}  // namespace

// --- What comes from outside: it only waits for the turn -----------------------------------------

void Runner::Implementation::schedule_turn() {
  if (busy_ || std::exchange(turn_posted_, true)) {
    return;
  }
  runtime_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) {
      return;
    }
    turn_posted_ = false;
    if (requests_wait()) {
      run_turn();
    }
  });
}

void Runner::Implementation::append(AppendRequest request, std::size_t below) {
  appends_.push_back({std::move(request), below});
  schedule_turn();
}

void Runner::Implementation::read(ReadRequest request) {
  reads_.push_back(std::move(request));
  schedule_turn();
}

void Runner::Implementation::queue(Input input) {
  inputs_.push_back(std::move(input));
  schedule_turn();
}

void Runner::Implementation::take_snapshot(absl::AnyInvocable<void(SnapshotPtr)> done) {
  if (done) {
    snapshot_waiters_.push_back(std::move(done));
  }
  queue(TakeSnapshot{});
}

void Runner::Implementation::receive(std::span<Received> received) {
  if (!active()) {
    return;
  }
  turn([this, received] {
    for (Received& one : received) {
      ++stats.messages_received;
      if (const auto* note = std::get_if<Note>(&one.message)) {
        deliver_note(one.from, *note);
      } else {
        step(Deliver{one.from, one.incarnation, std::move(one.message)});
      }
    }
  });
}

// --- The turn ------------------------------------------------------------------------------------

void Runner::Implementation::run_turn() {
  if (!busy_) {
    turn([] {});
  }
}

bool Runner::Implementation::requests_wait() const {
  const bool queued = !appends_.empty() || !reads_.empty() || !inputs_.empty();
  switch (phase_) {
    case Phase::kNew:
      return stop_wanted_;
    case Phase::kLoading:
      return false;
    case Phase::kRunning:
      return queued || stepped_ || stop_wanted_ || !leaving_.empty();
    case Phase::kStopping:
      // Without space no further turn gets any further: what is being saved ends it.
      return queued || (stepped_ && !trouble_);
    case Phase::kFailed:
    case Phase::kStopped:
      return queued || !stop_done_.empty();
  }
  return false;
}

void Runner::Implementation::begin_turn() {
  ++stats.turns;
  now_ = std::max(now_, runtime_.now());
}

void Runner::Implementation::settle() {
  if (active() && stop_wanted_) {
    begin_stopping();
  }
  if (active()) {
    run_timers();
  }
  const int passes_max = SYNOD_BUGGIFY("runner.turn-ends-early") ? 1 : kPassesMax;
  for (int pass = 0; pass < passes_max && active(); ++pass) {
    if (pass > 0 && !more_to_do()) {
      return;
    }
    run_pass();
  }
  if (!active()) {
    refuse_requests();
  }
  for (int pass = 0; pass < kPassesMax && phase_ == Phase::kStopping && !trouble_; ++pass) {
    if (stepped_) {
      take_output();
      writes_.want_all();  // Nobody will wake a stopping node for what could wait.
    }
    start_write();
  }
}

bool Runner::Implementation::more_to_do() const {
  const auto due = [this](const Hook& hook) { return hook.decoration->deadline() <= now_; };
  return stepped_ || !appends_.empty() || !reads_.empty() || !inputs_.empty() ||
         std::any_of(hooks_.begin(), hooks_.end(), due);
}

// Ends what came after the end.
void Runner::Implementation::refuse_requests() {
  if (phase_ == Phase::kStopping || phase_ == Phase::kStopped) {
    inputs_.clear();
    end_waiters(AppendErrorKind::kShutDown);
  } else if (phase_ == Phase::kFailed && failure_told_) {
    inputs_.clear();
    end_waiters(AppendErrorKind::kStorage);
  }
}

void Runner::Implementation::run_pass() {
  run_decoration_deadlines();
  hand_over_requests();
  if (stepped_) {
    take_output();
  }
  if (active()) {
    start_write();
  }
}

void Runner::Implementation::run_timers() {
  if (replica_->deadline() <= now_) {
    step(Tick{});
    take_output();  // What it ends by itself, it ends with the better reason.
  }
  if (!active()) {
    return;
  }
  fail_overdue();
  run_retries();
  if (write_again_ <= now_) {
    write_in_flight();
  }
  if (save_again_ <= now_) {
    save_what_waits();
  }
}

void Runner::Implementation::step(Input input) {
  if (phase_ != Phase::kRunning && phase_ != Phase::kStopping) {
    return;
  }
  replica_->step(now_, std::move(input));
  stepped_ = true;
}

void Runner::Implementation::hand_over_requests() {
  for (Input& input : std::exchange(inputs_, {})) {
    step(std::move(input));
  }
  std::swap(appends_, appends_at_hand_);
  for (QueuedAppend& queued : appends_at_hand_) {
    ++stats.appends;
    accept(std::move(queued));
  }
  appends_at_hand_.clear();
  for (ReadRequest& request : std::exchange(reads_, {})) {
    ++stats.reads;
    accept(std::move(request));
  }
}

void Runner::Implementation::take_output() {
  stepped_ = false;
  replica_->take_output(output_);
  for (const Event& event : output_.events) {
    if (const auto* violation = std::get_if<Violation>(&event)) {
      fail(absl::InternalError(violation->text));
    }
  }
  const bool speaks = active() || phase_ == Phase::kStopping;
  if (speaks) {
    std::move(output_.messages.begin(), output_.messages.end(), std::back_inserter(leaving_));
    writes_.gather(output_, leaving_);
  }
  for (const Event& event : output_.events) {
    show(event);
  }
  output_.clear();
}

void Runner::Implementation::finish_turn() {
  progress_stopping();
  send_all();
  if (active()) {
    reach_members();
  }
  run_completions();
  arm();
}

void Runner::Implementation::send_all() {
  if (leaving_.empty() || !communicator_started_) {
    return;
  }
  for (const Outgoing& outgoing : leaving_) {
    stats.messages_sent += outgoing.to.size();
  }
  communicator_.send(leaving_);
  leaving_.clear();
}

void Runner::Implementation::run_completions() {
  std::swap(completions_, completions_at_hand_);
  for (Completion& completion : completions_at_hand_) {
    completion.done(std::move(completion.result));
  }
  completions_at_hand_.clear();
  for (ReadCompletion& completion : std::exchange(read_completions_, {})) {
    if (completion.done) {
      completion.done(std::move(completion.result));
    }
  }
}

void Runner::Implementation::reach_members() {
  if (!std::exchange(membership_may_have_changed_, false)) {
    return;
  }
  std::shared_ptr<const Cluster> cluster = replica_->view().cluster;
  if (cluster == nullptr || cluster == cluster_) {
    return;
  }
  cluster_ = std::move(cluster);
  bool changed = false;
  for (const Member& member : cluster_->members) {
    const auto same_id = [&member](const Member& known) { return known.id == member.id; };
    const auto known = std::find_if(members_.begin(), members_.end(), same_id);
    if (known == members_.end()) {
      members_.push_back(member);
      changed = true;
    } else if (*known != member) {
      *known = member;
      changed = true;
    }
  }
  if (changed) {
    communicator_.reach(members_);
  }
}

// --- Time ----------------------------------------------------------------------------------------

Timestamp Runner::Implementation::deadline() const {
  if (!active()) {
    return Timestamp::max();
  }
  Timestamp earliest =
      std::min({replica_->deadline(), writes_.deadline(), write_again_, save_again_, overdue_at_});
  if (!retries_.empty()) {
    earliest = std::min(earliest, retries_.front().due);
  }
  for (const Hook& hook : hooks_) {
    earliest = std::min(earliest, hook.decoration->deadline());
  }
  return earliest;
}

void Runner::Implementation::arm() {
  const Timestamp wanted = deadline();
  if (wanted != armed_) {
    armed_ = wanted;
    runtime_.wake_at(wanted);
  }
}

// --- Looking inside ------------------------------------------------------------------------------

ReplicaView Runner::Implementation::view() const {
  if (replica_ != nullptr) {
    return replica_->view();
  }
  ReplicaView view;
  view.id = options_.replica.id;
  view.incarnation = options_.replica.incarnation;
  return view;
}

std::string Runner::Implementation::describe() const {
  std::string text = replica_ != nullptr ? replica_->describe() : std::string("not started\n");
  if (!failure_.ok()) {
    text += "\nstopped: " + std::string(failure_.message());
  }
  return text;
}

}  // namespace synod
