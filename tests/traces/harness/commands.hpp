// The words of the story language; docs/testing.md lists them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "traces/harness/stage.hpp"

namespace synod::traces {

class Commands {
 public:
  // What the commands, one a line, make happen, as lines. Goes on where the last call ended.
  std::string play(const std::string& commands);
  // Tells `timeline` what happens, from the beginning of the story on.
  void set_timeline(simulation::Timeline timeline) { timeline_ = std::move(timeline); }
  // What is wrong whatever the story expects: an invariant broken, an expectation not met, a
  // command that nobody understands.
  [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }
  // Adds what the checker finds once the story is over.
  void finish();

 private:
  using Words = std::vector<std::string>;
  void play_line(const std::string& line);
  void tell_beginning();
  bool play_cast(const Words& words);
  bool play_network(const Words& words);
  bool play_node(const Words& words, Actor& actor);
  bool play_question(const Words& words, Actor& actor);
  void append(const Words& words, Actor& actor);
  void show(Actor& actor);
  void expect_applied(const std::string& line, Actor& actor);
  void expect_view(const Words& words, Actor& actor);
  void fail(const std::string& why);
  void check();

  simulation::Timeline timeline_;
  std::unique_ptr<Stage> stage_;
  std::string line_;
  std::uint64_t next_id_ = 0;
  std::uint64_t next_ticket_ = 0;
  std::vector<std::string> failures_;
};

}  // namespace synod::traces
