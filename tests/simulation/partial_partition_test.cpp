// H15: networks in which some reach some. Wherever one node reaches a quorum, appends go on, and
// the lead does not go back and forth. Prints the table that docs/testing.md shows.
#include <gtest/gtest.h>

#include <cstdio>
#include <numeric>

#include <synod/decorations/catch_up.hpp>
#include <synod/decorations/delegation.hpp>
#include <synod/decorations/heartbeats.hpp>
#include <synod/decorations/track_leadership.hpp>

#include "simulation/faults/shapes.hpp"
#include "simulation/scripted_cluster.hpp"

namespace synod::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kFault = seconds(60);
constexpr Duration kTimeout = seconds(2);
constexpr Duration kThink = milliseconds(20);
// Twenty election time-outs, as in the swarm.
constexpr Duration kGapMax = milliseconds(20 * 600);

std::vector<std::unique_ptr<Decoration>> recommended() {
  auto leadership = std::make_unique<TrackLeadership>();
  TrackLeadership& tracked = *leadership;
  std::vector<std::unique_ptr<Decoration>> decorations;
  decorations.push_back(std::move(leadership));
  decorations.push_back(std::make_unique<Heartbeats>(tracked));
  decorations.push_back(std::make_unique<CatchUp>());
  decorations.push_back(std::make_unique<Delegation>(tracked));
  return decorations;
}

struct Outcome {
  std::uint64_t appends = 0;       // Acknowledged while the network was cut.
  std::uint64_t changes = 0;       // Mandates won meanwhile.
  std::uint64_t late_changes = 0;  // Of those, in the second half.
  Duration longest_gap = Duration::zero();
  std::uint64_t served = 0;  // Nodes whose own client got an answer in the second half.
  [[nodiscard]] bool live() const { return longest_gap <= kGapMax && served > 0; }
};

// One partition, from a leader that works until a minute later.
class Scenario {
 public:
  Scenario(Shape shape, std::uint64_t size, bool decorated)
      : shape_(shape), decorated_(decorated), cluster_(options_of(size, decorated)) {}

  Outcome play() {
    EXPECT_TRUE(cluster_.found());
    EXPECT_TRUE(cluster_.append_now(1));
    cluster_.run(milliseconds(50));
    if (shape_ == Shape::kConstrainedElection) fall_behind();
    const std::uint64_t mandates = cluster_.world.mandates_won;
    cut();
    began_ = last_ = cluster_.world.scheduler.now();
    served_.assign(cluster_.nodes.size() + 1, false);
    start_clients();
    cluster_.run(kFault / 2);
    const std::uint64_t half = cluster_.world.mandates_won;
    cluster_.run(kFault / 2);
    took(Duration::zero());
    outcome_.changes = cluster_.world.mandates_won - mandates;
    outcome_.late_changes = cluster_.world.mandates_won - half;
    outcome_.served =
        static_cast<std::uint64_t>(std::accumulate(served_.begin(), served_.end(), 0));
    over_ = true;
    EXPECT_EQ(cluster_.violations(), "");
    return outcome_;
  }

 private:
  static SimulationOptions options_of(std::uint64_t size, bool decorated) {
    SimulationOptions options;
    options.nodes = size;
    if (!decorated) return options;
    options.decorations = [](NodeId) { return recommended(); };
    options.replica.stickiness = options.replica.quorum_timeout;
    return options;
  }

  // The only node that reaches the others has the least to offer.
  void fall_behind() {
    cluster_.isolate(2);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(cluster_.append_now(1));
    cluster_.isolate(2, false);
  }

  void cut() {
    const std::size_t size = cluster_.nodes.size();
    for (std::size_t from = 0; from < size; ++from) {
      for (std::size_t to = 0; to < size; ++to) {
        const bool whole = from == to || reaches(shape_, size, from, to);
        cluster_.world.network.cut(NodeId(from + 1), NodeId(to + 1), !whole);
      }
    }
  }

  // With delegation a client anywhere is served; without, one client goes on where it is until that
  // fails, because two that both append at once take the lead from each other.
  void start_clients() {
    const std::size_t clients = decorated_ ? cluster_.nodes.size() : 1;
    for (std::size_t id = 1; id <= clients; ++id) append_at(id);
  }

  void append_at(std::size_t id) {
    cluster_.append(cluster_.node(id), "load", kTimeout, [this, id](bool ok) {
      if (over_) return;
      if (ok) took(kFault / 2, id);
      const std::size_t next = ok || decorated_ ? id : id % cluster_.nodes.size() + 1;
      const Timestamp then = cluster_.world.scheduler.now().after(kThink);
      cluster_.world.scheduler.at(then, [this, next] {
        if (!over_) append_at(next);
      });
    });
  }

  void took(Duration served_after, std::size_t id = 0) {
    const Timestamp now = cluster_.world.scheduler.now();
    outcome_.longest_gap = std::max(outcome_.longest_gap, now.since(last_));
    last_ = now;
    if (id == 0) return;
    ++outcome_.appends;
    if (now.since(began_) > served_after) served_[id] = true;
  }

  Shape shape_;
  bool decorated_;
  Outcome outcome_;
  Timestamp began_;
  Timestamp last_;
  std::vector<bool> served_;
  bool over_ = false;
  ScriptedCluster cluster_;
};

void print_row(Shape shape, std::uint64_t size, bool decorated, const Outcome& outcome) {
  std::printf(
      "| %s | %d | %s | %s | %d | %d | %d | %.1f s | %d |\n", std::string(to_string(shape)).c_str(),
      static_cast<int>(size), decorated ? "yes" : "no", outcome.live() ? "yes" : "NO",
      static_cast<int>(outcome.appends), static_cast<int>(outcome.changes),
      static_cast<int>(outcome.late_changes),
      static_cast<double>(outcome.longest_gap.count()) / 1e6, static_cast<int>(outcome.served));
}

// A ring of three is whole.
bool cuts_nothing(Shape shape, std::uint64_t size) { return shape == Shape::kRing && size == 3; }

class PartialPartitionTest : public testing::TestWithParam<Shape> {};

TEST_P(PartialPartitionTest, H15StaysLiveAndTheLeadStaysWhereItWorks) {
  for (const std::uint64_t size : {3u, 5u}) {
    if (cuts_nothing(GetParam(), size)) continue;
    for (const bool decorated : {true, false}) {
      const Outcome outcome = Scenario(GetParam(), size, decorated).play();
      print_row(GetParam(), size, decorated, outcome);
      EXPECT_TRUE(outcome.live());
      // One that was cut off is replaced; once that is done nobody takes the lead away.
      EXPECT_LE(outcome.changes, 3u);
      EXPECT_EQ(outcome.late_changes, 0u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, PartialPartitionTest, testing::ValuesIn(kShapes));

}  // namespace
}  // namespace synod::simulation
