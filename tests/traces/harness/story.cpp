#include "traces/harness/story.hpp"

#include <sstream>
#include <utility>

#include "traces/harness/commands.hpp"

namespace synod::traces {

Story parse(const std::string& text) {
  Story story;
  std::istringstream stream(text);
  Block block;
  bool expecting = false;
  for (std::string line; std::getline(stream, line);) {
    if (expecting && line.empty()) {
      story.blocks.push_back(std::exchange(block, {}));
      expecting = false;
    } else if (line == "----") {
      expecting = true;
    } else {
      (expecting ? block.expected : block.commands) += line + "\n";
    }
  }
  if (!block.commands.empty() || expecting) story.blocks.push_back(block);
  return story;
}

std::string format(const Story& story) {
  std::string text;
  for (const Block& block : story.blocks) {
    if (!text.empty()) text += "\n";
    text += block.commands + "----\n" + block.expected;
  }
  return text;
}

Played play(const Story& story, simulation::Timeline timeline) {
  Played played;
  Commands commands;
  commands.set_timeline(std::move(timeline));
  for (const Block& block : story.blocks) {
    played.story.blocks.push_back({block.commands, commands.play(block.commands)});
  }
  commands.finish();
  played.failures = commands.failures();
  return played;
}

}  // namespace synod::traces
