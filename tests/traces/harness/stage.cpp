#include "traces/harness/stage.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace synod::traces {
namespace {

constexpr std::size_t kStepsMax = 20'000;  // A story that does not end is wrong.

using simulation::Happening;
using simulation::Moment;

std::string name(NodeId node) { return std::string(1, letter_of(node)); }

bool is_chatter(const Event& event) {
  return std::holds_alternative<Directive>(event) || std::holds_alternative<VoteReceived>(event) ||
         std::holds_alternative<Committed>(event) || std::holds_alternative<PeerProgress>(event);
}

}  // namespace

bool Selection::matches(const InFlight& message) const {
  return (from == NodeId() || from == message.from) && (to == NodeId() || to == message.to) &&
         (kind.empty() || kind == kind_of(message.message));
}

Stage::Stage(Casting casting, const std::string& letters)
    : casting_(std::move(casting)), checker_(casting_.cluster) {
  for (const char letter : letters) {
    actors_[letter] = std::make_unique<Actor>(node_called(letter), casting_, checker_);
  }
}

// --- The timeline --------------------------------------------------------------------------------

void Stage::set_timeline(simulation::Timeline timeline) {
  timeline_ = std::move(timeline);
  for (auto& [_, actor] : actors_) {
    actor->set_timeline(timeline_ ? [this](Moment moment) { tell(std::move(moment)); }
                                  : std::function<void(Moment)>());
  }
  if (!timeline_) return;
  checker_.listen(
      {.chosen = [this](const PlacedEntry& placed,
                        const std::vector<NodeId>& by) { tell(simulation::chosen(placed, by)); },
       .violation =
           [this](const std::string& text) { tell(Happening::kViolation, NodeId(), text); }});
}

void Stage::tell(Moment moment) {
  if (!timeline_) return;
  moment.at = Timestamp(now_.microseconds() - 1'000'000);
  timeline_(moment);
}

void Stage::tell(Happening happening, NodeId node, const std::string& text) {
  tell(Moment{.happening = happening, .node = node, .text = text});
}

void Stage::tell(Happening happening, const InFlight& message) {
  if (!timeline_) return;
  Moment moment = simulation::moment_of(message.message);
  const bool arrives = happening == Happening::kDelivered || happening == Happening::kNobodyThere;
  moment.happening = happening;
  moment.number = message.number;
  moment.node = arrives ? message.to : message.from;
  moment.peer = arrives ? message.from : message.to;
  tell(std::move(moment));
}

// --- Lines ---------------------------------------------------------------------------------------

void Stage::say(const std::string& line) {
  if (!silent_) lines_ += line + "\n";
}

void Stage::say(const Actor& actor, const std::string& text) {
  const std::int64_t now = now_.microseconds() - 1'000'000;
  char moment[32];
  if (now % 1000 == 0) {
    std::snprintf(moment, sizeof(moment), "[%5lld] ", static_cast<long long>(now / 1000));
  } else {
    std::snprintf(moment, sizeof(moment), "[%7.1f] ", static_cast<double>(now) / 1000.0);
  }
  say(moment + name(actor.id()) + " " + text);
}

std::string Stage::take_lines() { return std::exchange(lines_, {}); }

Actor* Stage::find(char letter) {
  const auto found = actors_.find(letter);
  return found == actors_.end() ? nullptr : found->second.get();
}

// --- What nodes say ------------------------------------------------------------------------------

void Stage::input(Actor& actor, Input input) {
  actor.step(now_, std::move(input));
  settle(actor);
}

void Stage::settle(Actor& actor) {
  std::vector<Outgoing> messages;
  std::vector<Event> events;
  actor.take(messages, events);
  for (const Event& event : events) tell(actor, event);
  for (Outgoing& each : messages) send(actor, std::move(each));
  actor.replica().check_invariants();
  std::vector<std::string> unsaid;
  if (!actor.slow() && actor.write(now_, unsaid)) return settle(actor);
  const ReplicaView view = actor.replica().view();
  checker_.on_digest(actor.id(), view.applied, view.log_digest);
}

void Stage::tell(Actor& actor, const Event& event) {
  if (chatty_ || !is_chatter(event)) say(actor, "  " + describe(event));
  if (timeline_) {
    Moment moment = simulation::moment_of(event);
    moment.node = actor.id();
    tell(std::move(moment));
  }
  if (const auto* installed = std::get_if<Installed>(&event)) {
    checker_.on_installed(actor.id(), installed->round);
  } else if (const auto* applied = std::get_if<Applied>(&event)) {
    const auto asked = appended_at_.find(applied->placed.entry.id);
    const bool here = asked != appended_at_.end() && asked->second == actor.id();
    if (here && !applied->skipped.has_value()) {
      checker_.on_acknowledged(applied->placed.entry.id, applied->placed.round);
    }
  } else if (const auto* failed = std::get_if<AppendFailed>(&event)) {
    const bool certain = failed->error.fate == Fate::kDidNotHappen;
    using simulation::ClientView;
    checker_.on_failed(failed->id, certain ? ClientView::kDidNotHappen : ClientView::kUnknown);
  } else if (const auto* ready = std::get_if<ReadReady>(&event)) {
    checker_.on_read(actor.id(), read_bounds_[ready->ticket], actor.state().applied());
  } else if (const auto* removed = std::get_if<RemovalComplete>(&event)) {
    checker_.on_removal_complete(actor.id(), removed->boundary);
  } else if (const auto* broken = std::get_if<Violation>(&event)) {
    checker_.violation("I19", broken->text);
  } else if (const auto* taken = std::get_if<SnapshotTaken>(&event)) {
    if (taken->snapshot != nullptr) actor.remember_snapshot(taken->snapshot);
  }
}

void Stage::send(Actor& actor, Outgoing outgoing) {
  std::string line = "> " + describe(outgoing.message) + " ->";
  for (const NodeId to : outgoing.to) line += " " + name(to);
  say(actor, line);
  checker_.on_vote(actor.id(), actor.incarnation(), outgoing.message);
  for (const NodeId to : outgoing.to) {
    in_flight_.push_back({actor.id(), to, actor.incarnation(), outgoing.message, ++sent_});
    tell(Happening::kSent, in_flight_.back());
  }
}

void Stage::append(Actor& actor, Append append) {
  if (append.entry.kind == EntryKind::kState) {
    checker_.on_append(append.entry.id);
    appended_at_[append.entry.id] = actor.id();
  }
  input(actor, std::move(append));
}

void Stage::read(Actor& actor, const Read& read) {
  read_bounds_[read.ticket] = checker_.read_begins();
  input(actor, read);
}

// --- What a story can do -------------------------------------------------------------------------

void Stage::start(Actor& actor) {
  tell(Happening::kStarts, actor.id(), "starts");
  actor.start(now_);
  settle(actor);
}

void Stage::crash(Actor& actor) {
  actor.crash();
  say(actor, "crashes");
  tell(Happening::kCrashes, actor.id(), "crashes");
}

void Stage::wipe(Actor& actor) {
  actor.wipe();
  say(actor, "loses its disk");
  tell(Happening::kWiped, actor.id(), "loses its disk");
}

void Stage::put_back(Actor& actor, Return how) {
  const std::string found = actor.put_back(how);
  say(actor, "gets its backup back: " + found);
}

void Stage::deliver_one(std::list<InFlight>::iterator message) {
  InFlight arrived = std::move(*message);
  in_flight_.erase(message);
  Actor* const actor = find(letter_of(arrived.to));
  if (actor == nullptr || !actor->up()) return tell(Happening::kNobodyThere, arrived);
  tell(Happening::kDelivered, arrived);
  say(*actor, "< " + describe(arrived.message) + " from " + name(arrived.from));
  input(*actor, Deliver{arrived.from, arrived.incarnation, std::move(arrived.message)});
}

std::size_t Stage::deliver(const Selection& selection, bool all) {
  std::size_t delivered = 0;
  // Only what is in flight now: an answer to it waits for the next command.
  std::size_t left = in_flight_.size();
  auto it = in_flight_.begin();
  while (left-- > 0 && (all || delivered == 0)) {
    const auto message = it++;
    if (!selection.matches(*message)) continue;
    ++delivered;
    deliver_one(message);
  }
  return delivered;
}

std::size_t Stage::drop(const Selection& selection, bool all) {
  if (!all) {
    const auto first = std::find_if(in_flight_.begin(), in_flight_.end(),
                                    [&](const InFlight& each) { return selection.matches(each); });
    if (first == in_flight_.end()) return 0;
    tell(Happening::kLost, *first);
    in_flight_.erase(first);
    return 1;
  }
  return in_flight_.remove_if([&](const InFlight& each) {
    if (!selection.matches(each)) return false;
    tell(Happening::kLost, each);
    return true;
  });
}

std::size_t Stage::duplicate(const Selection& selection) {
  std::vector<InFlight> copies;
  for (const InFlight& each : in_flight_) {
    if (selection.matches(each)) copies.push_back(each);
  }
  for (InFlight& each : copies) {
    tell(Happening::kDuplicated, each);
    in_flight_.push_back(each);
  }
  return copies.size();
}

void Stage::release(const Selection& selection) {
  std::erase_if(held_, [&](const Selection& each) {
    return each.from == selection.from && each.to == selection.to && each.kind == selection.kind;
  });
}

bool Stage::is_held(const InFlight& message) const {
  return std::any_of(held_.begin(), held_.end(),
                     [&](const Selection& each) { return each.matches(message); });
}

void Stage::write(Actor& actor) {
  std::vector<std::string> lines;
  if (!actor.write(now_, lines)) return;
  for (const std::string& line : lines) say(actor, "* " + line);
  settle(actor);
}

bool Stage::deliver_next() {
  const auto next = std::find_if(in_flight_.begin(), in_flight_.end(),
                                 [this](const InFlight& each) { return !is_held(each); });
  if (next == in_flight_.end()) return false;
  deliver_one(next);
  return true;
}

void Stage::run_until_quiet() {
  for (std::size_t steps = 0; steps < kStepsMax; ++steps) {
    if (!deliver_next()) return;
  }
  say("the story does not end");
}

Timestamp Stage::next_deadline() const {
  Timestamp next = Timestamp::max();
  for (const auto& [letter, actor] : actors_) {
    if (actor->up()) next = std::min(next, actor->replica().deadline());
  }
  return next;
}

void Stage::tick_due() {
  for (auto& [letter, actor] : actors_) {
    if (actor->up() && actor->replica().deadline() <= now_) input(*actor, Tick{});
  }
}

void Stage::run(Duration duration) {
  const Timestamp end = now_.after(duration);
  run_until_quiet();
  for (std::size_t steps = 0; steps < kStepsMax && next_deadline() <= end; ++steps) {
    now_ = std::max(now_, next_deadline());
    tick_due();
    run_until_quiet();
  }
  now_ = end;
}

void Stage::pass(Duration duration) {
  const Timestamp end = now_.after(duration);
  for (std::size_t steps = 0; steps < kStepsMax && next_deadline() <= end; ++steps) {
    now_ = std::max(now_, next_deadline());
    tick_due();
  }
  now_ = end;
}

}  // namespace synod::traces
