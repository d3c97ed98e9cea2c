// A story as a space-time diagram.
#include <algorithm>
#include <sstream>

#include <synod/simulation/diagram.hpp>

#include "traces/harness/actor.hpp"
#include "traces/harness/story.hpp"

namespace synod::traces {
namespace {

// The comments that a story begins with.
std::string preface_of(const Story& story) {
  std::istringstream stream(story.blocks.empty() ? std::string() : story.blocks.front().commands);
  std::string preface;
  for (std::string line; std::getline(stream, line) && line.starts_with('#');) {
    line.erase(0, line.starts_with("# ") ? 2 : 1);
    preface += (preface.empty() ? "" : " ") + line;
  }
  return preface;
}

// Its nodes, as its first command names them.
std::vector<NodeId> cast_of(const Story& story) {
  std::istringstream stream(story.blocks.empty() ? std::string() : story.blocks.front().commands);
  std::vector<NodeId> cast;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with("nodes ")) continue;
    std::istringstream words(line.substr(6));
    for (std::string word; words >> word && word.size() == 1;) {
      cast.push_back(node_called(word.front()));
    }
    break;
  }
  return cast;
}

}  // namespace

std::string draw(const std::string& name, const Story& story) {
  const auto call = [](NodeId node) { return std::string(1, letter_of(node)); };
  simulation::Diagram diagram(
      {.title = name, .subtitle = preface_of(story), .nodes = cast_of(story), .name = call});
  (void)play(story, [&](const simulation::Moment& moment) { diagram.add(moment); });
  return diagram.html();
}

}  // namespace synod::traces
