// A *.trace file: comments, and blocks of commands, ----, and the lines that they make.
#pragma once

#include <string>
#include <vector>

#include <synod/simulation/timeline.hpp>

namespace synod::traces {

struct Block {
  std::string commands;  // With the comments between them.
  std::string expected;
};

struct Story {
  std::vector<Block> blocks;
};

[[nodiscard]] Story parse(const std::string& text);
[[nodiscard]] std::string format(const Story& story);

struct Played {
  Story story;                        // As it went.
  std::vector<std::string> failures;  // Wrong whatever is expected.
};
// `timeline` gets what happens; null: nobody looks.
[[nodiscard]] Played play(const Story& story, simulation::Timeline timeline = nullptr);
// The page that draws the story.
[[nodiscard]] std::string draw(const std::string& name, const Story& story);

}  // namespace synod::traces
