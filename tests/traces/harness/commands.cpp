#include "traces/harness/commands.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include "traces/harness/options.hpp"

namespace synod::traces {
namespace {

RoundNum round_of(std::string text) {
  if (text.starts_with('r')) text = text.substr(1);
  return RoundNum(std::stoull(text));
}

RoundRange range_of(const std::string& text) {
  if (text.empty()) return {};
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return {round_of(text), round_of(text)};
  return {round_of(text.substr(0, dots)), round_of(text.substr(dots + 2))};
}

std::string rest_after(const std::string& line, std::size_t words) {
  std::istringstream stream(line);
  std::string word;
  for (std::size_t i = 0; i < words; ++i) stream >> word;
  std::string rest;
  std::getline(stream >> std::ws, rest);
  return rest;
}

}  // namespace

std::string Commands::play(const std::string& commands) {
  std::istringstream stream(commands);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("# ") && stage_ != nullptr) {
      stage_->tell(simulation::Happening::kNarration, NodeId(), line.substr(2));
    }
    if (line.empty() || line.front() == '#') continue;
    play_line(line);
    check();
  }
  return stage_ == nullptr ? std::string() : stage_->take_lines();
}

void Commands::fail(const std::string& why) { failures_.push_back("`" + line_ + "`: " + why); }

void Commands::check() {
  if (stage_ == nullptr) return;
  const std::vector<std::string>& violations = stage_->checker().violations();
  for (const std::string& violation : violations) {
    const std::string told = "`" + line_ + "`: " + violation;
    const bool known =
        std::any_of(failures_.begin(), failures_.end(),
                    [&](const std::string& each) { return each.ends_with(violation); });
    if (!known) failures_.push_back(told);
  }
}

void Commands::finish() {
  line_ = "the end";
  if (stage_ != nullptr) stage_->checker().finish();
  check();
}

void Commands::play_line(const std::string& line) {
  line_ = line;
  const Words words = words_of(line);
  if (play_cast(words)) return;
  if (stage_ == nullptr) return fail("a story begins with `nodes`");
  if (play_network(words)) return;
  Actor* const actor = words.size() > 1 ? stage_->find(words[1].front()) : nullptr;
  if (actor == nullptr) return fail("nobody is meant");
  if (words[0] == "restart") {
    if (actor->up()) stage_->crash(*actor);
    return stage_->start(*actor);
  }
  if (words[0] == "wipe") return stage_->wipe(*actor);
  if (words[0] == "back-up") return actor->back_up();
  if (words[0] == "put-back") {
    if (!actor->has_backup() || words.size() < 3) return fail("no backup, or not said how");
    return stage_->put_back(*actor, words[2] == "copy" ? Return::kCopy : Return::kVolume);
  }
  if (words[0] == "disk") return actor->set_slow(words.at(2) == "slow");
  if (!actor->up()) return fail("it is down");
  if (!play_node(words, *actor) && !play_question(words, *actor)) fail("not understood");
}

bool Commands::play_cast(const Words& words) {
  if (words[0] != "nodes") return false;
  std::string letters;
  Casting casting = casting_of(words, letters);
  stage_ = std::make_unique<Stage>(std::move(casting), letters);
  const bool tell = value_of(words, "genesis", "complete") != "complete";
  stage_->set_silent(!tell);
  if (tell) stage_->set_timeline(timeline_);
  for (auto& [_, actor] : stage_->actors()) stage_->start(*actor);
  // What nodes ask each other on starting is of no interest where all is settled.
  if (!tell) stage_->run(std::chrono::milliseconds(0));
  stage_->set_silent(false);
  if (!tell) tell_beginning();
  return true;
}

// What went before the story is of no interest: all are there, and that is what is told.
void Commands::tell_beginning() {
  stage_->set_timeline(timeline_);
  for (auto& [_, actor] : stage_->actors()) {
    stage_->tell(simulation::Happening::kStarts, actor->id(), "is there");
  }
}

bool Commands::play_network(const Words& words) {
  const std::string& verb = words[0];
  if (verb == "run") {
    stage_->run(words.size() > 1 ? duration_of(words[1]) : Duration::zero());
  } else if (verb == "time") {
    stage_->pass(duration_of(words.at(1)));
  } else if (verb == "chatty") {
    stage_->set_chatty(words.size() < 2 || words[1] == "on");
  } else if (verb == "silent") {
    stage_->set_silent(words.size() < 2 || words[1] == "on");
  } else if (verb == "messages") {
    for (const InFlight& each : stage_->in_flight()) {
      stage_->say("        " + std::string(1, letter_of(each.from)) + "->" +
                  std::string(1, letter_of(each.to)) + " " + describe(each.message));
    }
  } else {
    Selection selection;
    if (!selection_of(words, selection)) return false;
    const bool all = words.back() == "all";
    std::size_t count = 1;
    if (verb == "deliver")
      count = stage_->deliver(selection, all);
    else if (verb == "drop")
      count = stage_->drop(selection, words.back() != "first");
    else if (verb == "duplicate")
      count = stage_->duplicate(selection);
    else if (verb == "hold")
      stage_->hold(selection);
    else if (verb == "release")
      stage_->release(selection);
    else
      return false;
    if (count == 0) fail("no such message is in flight");
  }
  return true;
}

bool Commands::play_node(const Words& words, Actor& actor) {
  const std::string& verb = words[0];
  if (verb == "append") {
    append(words, actor);
  } else if (verb == "campaign") {
    // A no-op needs a mandate like any other entry.
    Append noop;
    stage_->input(actor, std::move(noop));
  } else if (verb == "read") {
    const std::string within = value_of(words, "within");
    stage_->tell(simulation::Happening::kReadAsked, actor.id(), "asked to read");
    stage_->read(
        actor, Read{++next_ticket_,
                    within.empty() ? Timestamp::max() : stage_->now().after(duration_of(within))});
  } else if (verb == "crash") {
    stage_->crash(actor);
  } else if (verb == "write") {
    stage_->write(actor);
  } else if (verb == "tick") {
    stage_->input(actor, Tick{});
  } else if (verb == "fetch") {
    const RoundRange range = range_of(words.at(3));
    stage_->input(actor, FetchRange{node_called(words.at(2).front()), range.first, range.last});
  } else if (verb == "snapshot") {
    stage_->input(actor, TakeSnapshot{});
  } else if (verb == "save") {
    if (actor.last_snapshot() == nullptr) fail("no snapshot was taken");
    actor.save(actor.last_snapshot());
    stage_->input(actor, SnapshotSaved{actor.last_snapshot()->round});
  } else if (verb == "install") {
    Actor* const from = stage_->find(words.back().front());
    stage_->input(actor, InstallSnapshot{from->last_snapshot()});
  } else if (verb == "eject") {
    stage_->input(actor, Eject{rest_after(line_, 2)});
  } else if (verb == "full") {
    stage_->input(actor, StorageTrouble{words.at(2) == "yes", "no space"});
  } else if (verb == "shut-down") {
    stage_->input(actor, ShutDown{});
  } else if (verb == "vote") {
    actor.voter().opinion = words.at(2) == "yes"   ? Opinion::kYes
                            : words.at(2) == "nay" ? Opinion::kNay
                                                   : Opinion::kAbstain;
  } else {
    return false;
  }
  return true;
}

void Commands::append(const Words& words, Actor& actor) {
  Append append;
  const std::string id = value_of(words, "id");
  append.entry.id = EntryId{0, id.empty() ? ++next_id_ : std::stoull(id)};
  append.entry.kind = EntryKind::kState;
  append.entry.payload = Payload::copy_of(std::string_view(words.at(2)));
  const std::string expiry = value_of(words, "expiry");
  if (!expiry.empty()) append.entry.last_round = round_of(expiry);
  append.rounds = range_of(value_of(words, "round"));
  const std::string within = value_of(words, "within");
  if (!within.empty()) append.deadline = stage_->now().after(duration_of(within));
  const auto says = [&](const char* word) {
    return std::find(words.begin() + 3, words.end(), word) != words.end();
  };
  if (says("maintain")) append.importance = Importance::kMaintainLeadership;
  if (says("peery")) append.importance = Importance::kMaintainPeery;
  stage_->tell(simulation::Happening::kAppendAsked, actor.id(), "asked to append " + words.at(2));
  stage_->append(actor, std::move(append));
}

bool Commands::play_question(const Words& words, Actor& actor) {
  const std::string& verb = words[0];
  if (verb == "show")
    show(actor);
  else if (verb == "expect-applied")
    expect_applied(line_, actor);
  else if (verb == "expect")
    expect_view(words, actor);
  else
    return false;
  return true;
}

void Commands::show(Actor& actor) {
  const ReplicaView view = actor.replica().view();
  std::string line = "= " + std::string(to_string(view.standing)) + ", " +
                     std::string(to_string(view.participation));
  if (view.participation != Participation::kActive) {
    line += " (" + std::string(to_string(view.passive_reason)) + ")";
  }
  line += ", applied r" + to_string(view.applied) + ", promised c" + to_string(view.promised);
  if (view.mandate != CoordNum()) {
    line += ", mandate c" + to_string(view.mandate) + " from r" + to_string(view.mandate_from);
  }
  stage_->say(actor, line + ": " + actor.state().items());
}

void Commands::expect_applied(const std::string& line, Actor& actor) {
  const std::string wanted = rest_after(line, 2);
  if (actor.state().items() != wanted) fail("it applied " + actor.state().items());
}

// expect A standing=leading participation=active applied=r3
void Commands::expect_view(const Words& words, Actor& actor) {
  const ReplicaView view = actor.replica().view();
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string key = words[i].substr(0, equals);
    const std::string wanted = words[i].substr(equals + 1);
    const std::string found = key == "standing"        ? std::string(to_string(view.standing))
                              : key == "participation" ? std::string(to_string(view.participation))
                              : key == "reason"        ? std::string(to_string(view.passive_reason))
                              : key == "applied"       ? "r" + to_string(view.applied)
                              : key == "promised"      ? "c" + to_string(view.promised)
                              : key == "mandate"       ? "c" + to_string(view.mandate)
                                                       : "unknown word";
    if (found != wanted) fail(key + " is " + found);
  }
}

}  // namespace synod::traces
