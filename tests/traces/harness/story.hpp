// A *.trace file: comments, and blocks of commands, ----, and the lines that they make.
#pragma once

#include <string>
#include <vector>

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
[[nodiscard]] Played play(const Story& story);

}  // namespace synod::traces
