// All nodes of a story, the messages between them, and the time: everything happens only when the
// story says so.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <synod/simulation/timeline.hpp>

#include "traces/harness/actor.hpp"

namespace synod::traces {

struct InFlight {
  NodeId from;
  NodeId to;
  Incarnation incarnation;
  Message message;
  std::uint64_t number = 0;  // In the timeline.
};

// Which messages a command means; 0 and "" stand for any.
struct Selection {
  NodeId from;
  NodeId to;
  std::string kind;

  [[nodiscard]] bool matches(const InFlight& message) const;
};

class Stage {
 public:
  explicit Stage(Casting casting, const std::string& letters);

  // --- What a story can do ----------------------------------------------------------------------
  void input(Actor& actor, Input input);
  // As input(), and what becomes of them is checked as a client would.
  void append(Actor& actor, Append append);
  void read(Actor& actor, const Read& read);
  void start(Actor& actor);
  void crash(Actor& actor);
  void wipe(Actor& actor);
  void put_back(Actor& actor, Return how);
  // Delivers the oldest message of the selection, or all of them; how many there were.
  std::size_t deliver(const Selection& selection, bool all);
  // Loses the oldest, or all; how many there were.
  std::size_t drop(const Selection& selection, bool all);
  std::size_t duplicate(const Selection& selection);
  // What matches stays in flight while the story runs.
  void hold(const Selection& selection) { held_.push_back(selection); }
  void release(const Selection& selection);
  // Makes the oldest batch durable that waits on a slow disk.
  void write(Actor& actor);
  // Delivers, in order, until nothing is left; then lets `duration` pass, with whatever
  // the nodes do at their deadlines and what follows from it.
  void run(Duration duration);
  // Lets time pass and nothing else: no message arrives.
  void pass(Duration duration);

  [[nodiscard]] Actor* find(char letter);
  [[nodiscard]] const std::map<char, std::unique_ptr<Actor>>& actors() const { return actors_; }
  [[nodiscard]] const std::list<InFlight>& in_flight() const { return in_flight_; }
  [[nodiscard]] Timestamp now() const { return now_; }
  [[nodiscard]] simulation::Checker& checker() { return checker_; }

  // Tells `timeline`, from now on, what happens; null: nobody.
  void set_timeline(simulation::Timeline timeline);
  void tell(simulation::Moment moment);
  void tell(simulation::Happening happening, NodeId node, const std::string& text);

  void say(const std::string& line);
  void say(const Actor& actor, const std::string& text);
  // Everything said since the last call.
  std::string take_lines();
  // What is seldom of interest: obeyed directives, single votes, commits, progress of peers.
  void set_chatty(bool chatty) { chatty_ = chatty; }
  void set_silent(bool silent) { silent_ = silent; }

 private:
  void settle(Actor& actor);
  void tell(Actor& actor, const Event& event);
  void send(Actor& actor, Outgoing outgoing);
  void tell(simulation::Happening happening, const InFlight& message);
  void deliver_one(std::list<InFlight>::iterator message);
  bool deliver_next();
  void run_until_quiet();
  void tick_due();
  [[nodiscard]] Timestamp next_deadline() const;
  [[nodiscard]] bool is_held(const InFlight& message) const;

  Casting casting_;
  simulation::Checker checker_;
  std::map<char, std::unique_ptr<Actor>> actors_;
  std::list<InFlight> in_flight_;
  std::vector<Selection> held_;
  std::map<EntryId, NodeId> appended_at_;          // Where it was asked for last.
  std::map<std::uint64_t, RoundNum> read_bounds_;  // What a read has to see, by ticket.
  Timestamp now_ = Timestamp(1'000'000);
  simulation::Timeline timeline_;
  std::uint64_t sent_ = 0;
  std::string lines_;
  bool chatty_ = false;
  bool silent_ = false;
};

}  // namespace synod::traces
