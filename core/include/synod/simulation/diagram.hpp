// File: diagram.hpp
//
// Draws what happened as a space-time diagram: one HTML file that any browser opens without a
// network. A lane per node, time downwards, messages as arrows.
//
//   Diagram diagram({.title = "seed 7", .nodes = {NodeId(1), NodeId(2), NodeId(3)}});
//   options.timeline = [&](const Moment& moment) { diagram.add(moment); };
//   const Report report = simulate(options);
//   std::ofstream("run.html") << diagram.html();
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <synod/simulation/timeline.hpp>

namespace synod::simulation {

struct DiagramOptions {
  std::string title;
  std::string subtitle = {};  // For example, the command that plays the run again.
  // The lanes, from left to right. Whoever starts besides gets one, too.
  std::vector<NodeId> nodes;
  // What a lane is called; null: its number.
  std::function<std::string(NodeId)> name = nullptr;
  // Only what happens from `from` to `until`; of what was before, nothing but how it left each
  // node.
  Timestamp from = Timestamp();
  Timestamp until = Timestamp::max();
  // Of more than so many moments the last are drawn, and the page says what is left out.
  std::size_t moments_max = 200'000;
};

// Of one seed of a cluster of so many nodes; `command` plays it again.
[[nodiscard]] DiagramOptions diagram_of_seed(std::uint64_t seed, std::uint64_t nodes,
                                             std::string command);

class Diagram {
 public:
  explicit Diagram(DiagramOptions options) : options_(std::move(options)) {}

  // In the order in which they happen. Those of seldom interest are not drawn.
  void add(const Moment& moment);
  // The whole page. No text of a moment can become markup.
  [[nodiscard]] std::string html() const;
  // Writes it. False where the file cannot be written.
  [[nodiscard]] bool save(const std::string& path) const;

  // Those that lie in the window and were left out because they were too many.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  void make_room(NodeId node);
  [[nodiscard]] std::string json() const;

  DiagramOptions options_;
  std::deque<Moment> moments_;
  // Of those that lie before, or were left out: what says how they left the nodes and the network.
  std::vector<Moment> before_;
  std::uint64_t left_out_ = 0;
  Timestamp first_drawn_;
};

}  // namespace synod::simulation
