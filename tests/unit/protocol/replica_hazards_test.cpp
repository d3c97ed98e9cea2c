// Hazards that only a whole replica can meet, each as its interleaving.
#include <synod/replica.hpp>

#include <set>

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

constexpr Duration kMoment = std::chrono::milliseconds(50);

// The numbers of every Prepare that leaves a node from here on.
std::shared_ptr<std::vector<CoordNum>> watch_campaigns(Nodes& nodes, std::uint64_t id) {
  auto seen = std::make_shared<std::vector<CoordNum>>();
  nodes.lost = [seen, id](const Envelope& each) {
    const auto* prepare = std::get_if<Prepare>(&each.message);
    if (prepare != nullptr && each.from == n(id)) seen->push_back(prepare->coord);
    return false;
  };
  return seen;
}

// The promise that node `id` gives for `coord`; nothing where it refuses.
std::optional<Promise> promise_of(Nodes& nodes, std::uint64_t id, std::uint64_t round,
                                  CoordNum coord) {
  std::optional<Promise> given;
  nodes.lost = [&given, id](const Envelope& each) {
    const auto* promise = std::get_if<Promise>(&each.message);
    if (promise != nullptr && each.from == n(id)) given = *promise;
    return true;
  };
  nodes.deliver(coord.proposer.value(), id, Prepare{r(round), coord});
  nodes.drain();
  nodes.reconnect();
  return given;
}

// H3, H7: a number is used for one campaign only, also after a restart.
TEST(ReplicaHazards, H3NoCampaignUsesANumberTwice) {
  for (const bool voter_says_yes : {true, false}) {
    Nodes nodes(3);
    nodes.at(1).voter.yea = voter_says_yes;
    auto before = watch_campaigns(nodes, 1);
    nodes.append(1, 1, "a");
    nodes.run(kMoment);
    nodes.crash(1);
    nodes.at(1).voter.yea = true;
    nodes.start(1);
    auto after = watch_campaigns(nodes, 1);
    nodes.append(1, 2, "b");
    nodes.run(kMoment);
    ASSERT_FALSE(after->empty());
    for (const CoordNum& coord : *after) {
      EXPECT_EQ(std::count(before->begin(), before->end(), coord), 0) << to_string(coord);
    }
  }
}

// H4: installing a snapshot leaves what was accepted above its round alone.
TEST(ReplicaHazards, H4ASnapshotKeepsWhatWasAcceptedAboveIt) {
  Nodes nodes(3);
  nodes.cut_off(3);
  nodes.append(1, 1, "a");
  nodes.run(kMoment);
  const RoundNum settled = nodes.view(1).applied;
  const CoordNum coord = nodes.view(1).promised;
  nodes.deliver(1, 3, Propose{coord, settled.plus(2), {entry(9, "vote")}, {}, {}});
  nodes.step(1, TakeSnapshot{});
  nodes.turn(1);
  nodes.step(3, InstallSnapshot{nodes.at(1).snapshot});
  nodes.turn(3);
  EXPECT_EQ(nodes.view(3).applied, settled);
  EXPECT_EQ(nodes.view(3).promised, coord);
  const auto given = promise_of(nodes, 3, 1, c(coord.counter + 1, 2));
  ASSERT_TRUE(given.has_value());
  EXPECT_EQ(given->speaks_from, settled.next());
  ASSERT_EQ(given->accepted.size(), 1u);
  EXPECT_EQ(given->accepted[0], (PlacedEntry{settled.plus(2), coord, entry(9, "vote")}));
}

struct ById {
  const char* what;
  CoordNum coord;
  std::uint64_t id;
  bool commits;
};

// H6: what is held is committed only where it is what is meant.
TEST(ReplicaHazards, H6ACommitByIdThatMeetsAnotherEntryIsNotObeyed) {
  const std::vector<ById> cases = {
      {"the same", c(5), 9, true},
      {"accepted at an older number", c(6), 9, false},
      {"another id at a later number", c(6), 8, false},
      {"another id at an earlier number", c(4), 8, false},
      {"accepted at a later number than the commit", c(4), 9, true},
  };
  for (const ById& each : cases) {
    Nodes nodes(3);
    nodes.cut_off(3);
    nodes.deliver(1, 3, Propose{c(5), r(1), {entry(9, "held")}, {}, {}});
    for (int repeat = 0; repeat < 2; ++repeat) {
      Commit commit;
      commit.by_id = {{r(1), each.coord, {entry(each.id).id}}};
      nodes.deliver(1, 3, commit);
    }
    EXPECT_EQ(nodes.has(3, "held"), each.commits) << each.what;
    EXPECT_TRUE(all_of<Violation>(nodes.at(3).events).empty()) << each.what;
  }
}

// RT-22, RT-29: the same round and number with another entry stops the node, loudly.
TEST(ReplicaHazards, AContradictionStopsTheNode) {
  for (const bool by_id : {true, false}) {
    for (const bool settled : {true, false}) {
      Nodes nodes(3);
      nodes.cut_off(3);
      nodes.deliver(1, 3, Propose{c(5), r(1), {entry(9, "held")}, {}, {}});
      if (settled) nodes.deliver(1, 3, Commit{{placed(1, c(5), entry(9, "held"))}, {}, {}});
      Commit other;
      if (by_id) {
        other.by_id = {{r(1), c(5), {entry(8).id}}};
      } else {
        other.entries = {placed(1, c(5), entry(8))};
      }
      if (!by_id && !settled) continue;  // Nothing is known yet that it could contradict.
      nodes.deliver(1, 3, other);
      EXPECT_EQ(all_of<Violation>(nodes.at(3).events).size(), 1u) << by_id << settled;
      nodes.messages = 0;
      nodes.deliver(1, 3, Prepare{r(1), c(50)});
      EXPECT_EQ(nodes.messages, 0) << "it says nothing more";
    }
  }
}

// H14: a leader dies and leaves a hole; the next one closes it without an append for it.
TEST(ReplicaHazards, H14ANewLeaderClosesHoles) {
  Nodes nodes(3);
  nodes.append(1, 1, "a");
  nodes.run(kMoment);
  bool first = true;
  nodes.lost = [&first](const Envelope& each) {
    const auto* propose = std::get_if<Propose>(&each.message);
    return propose != nullptr && propose->entries.size() == 1 &&
           propose->entries[0].payload.text() == "lost" && first;
  };
  nodes.append(1, 2, "lost");
  nodes.drain();
  nodes.append(1, 3, "kept");
  nodes.drain();
  nodes.crash(1);
  nodes.reconnect();
  nodes.append(2, 4, "next");
  ASSERT_TRUE(nodes.run_until([&] { return nodes.has(2, "next") && nodes.has(3, "next"); }));
  EXPECT_TRUE(nodes.has(2, "kept"));
  EXPECT_FALSE(nodes.has(2, "lost"));
  EXPECT_FALSE(nodes.at(2).state.skipped.empty()) << "a no-op";
  EXPECT_TRUE(nodes.agree());
}

// H17: what a node dropped, it does not speak for.
TEST(ReplicaHazards, H17APromiseSpeaksOnlyAboveWhatWasApplied) {
  Nodes nodes(3);
  nodes.cut_off(3);
  nodes.append(1, 1, "a");
  nodes.run(kMoment);
  const auto promise = promise_of(nodes, 2, 1, c(1000, 3));
  ASSERT_TRUE(promise.has_value());
  EXPECT_EQ(promise->speaks_from, nodes.view(2).applied.next());
}

// The same for a leader: what only a dead node knew to be settled is found out from the others.
TEST(ReplicaHazards, H17ALeaderAboveASettledRoundThatNobodyHasStartsAnew) {
  Nodes nodes(3);
  nodes.append(1, 1, "a");
  nodes.run(kMoment);
  // Node 1 and 2 accept "b"; only node 1 learns that it is chosen.
  nodes.lost = [](const Envelope& each) {
    return each.to == n(3) || std::holds_alternative<Commit>(each.message);
  };
  nodes.append(1, 2, "b");
  nodes.drain();
  ASSERT_TRUE(nodes.has(1, "b"));
  ASSERT_FALSE(nodes.has(2, "b"));
  // Node 3 wins with the promises of 1, which speaks only for what lies above, and of itself.
  nodes.lost = [](const Envelope& each) {
    const bool helps = std::holds_alternative<Prepare>(each.message) ||
                       std::holds_alternative<Promise>(each.message);
    return !helps || each.to == n(2) || each.from == n(2);
  };
  nodes.append(3, 3, "c");
  ASSERT_TRUE(nodes.run_until([&] { return !all_of<MandateWon>(nodes.at(3).events).empty(); }));
  nodes.crash(1);
  nodes.reconnect();
  for (std::uint64_t id = 10; id < 30 && !nodes.has(3, "b"); ++id) {
    nodes.append(3, id, "d");
    nodes.run(std::chrono::milliseconds(500));
  }
  EXPECT_TRUE(nodes.has(3, "b"));
  EXPECT_TRUE(nodes.agree());
}

// H18: accepted v, learned w: after a restart it is w, whatever else was accepted.
TEST(ReplicaHazards, H18TheMarkNeverCoversAnEntryThatWasNotCommitted) {
  Nodes nodes(3);
  nodes.cut_off(3);
  Entry held = entry(9, "v");
  held.last_round = r(50);
  for (const bool same_id : {false, true}) {
    Entry committed = same_id ? entry(9, "v") : entry(8, "w");
    if (same_id) committed.tag = 7;  // The same request, told differently.
    const std::uint64_t round = same_id ? 2 : 1;
    nodes.deliver(1, 3, Propose{c(5), r(round), {held}, {}, {}});
    nodes.deliver(1, 3, Commit{{placed(round, c(6), committed)}, {}, {}});
    nodes.run(std::chrono::milliseconds(500));
    const auto records = all_of<CommittedRecord>(nodes.at(3).disk);
    ASSERT_EQ(records.size(), round) << "a record of its own";
    EXPECT_EQ(records.back().placed.entry, committed);
  }
  const std::uint64_t digest = nodes.view(3).log_digest;
  nodes.crash(3);
  nodes.start(3);
  EXPECT_EQ(nodes.view(3).applied, r(2));
  EXPECT_EQ(nodes.view(3).log_digest, digest);
  EXPECT_TRUE(nodes.has(3, "w"));
}

// H13: a repeat that settles in another round has no second effect, also after a restart.
TEST(ReplicaHazards, H13AnIdTakesEffectOnce) {
  Nodes nodes(3);
  nodes.append(1, 1, "a");
  nodes.run(kMoment);
  nodes.append(2, 1, "a");
  nodes.run(kMoment);
  for (std::uint64_t id = 1; id <= 3; ++id) nodes.crash(id);
  for (std::uint64_t id = 1; id <= 3; ++id) nodes.start(id);
  nodes.append(3, 1, "a");
  nodes.run(std::chrono::seconds(1));
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const auto& log = nodes.at(id).state.applied;
    EXPECT_EQ(std::count_if(log.begin(), log.end(), [](const auto& e) { return e.second == "a"; }),
              1);
  }
  EXPECT_FALSE(nodes.at(3).state.skipped.empty());
}

// Whatever a buggy peer says, the node neither stops nor spins nor grows without bound.
TEST(ReplicaHazards, ForgedNumbersNeitherStopNorSpinANode) {
  const RoundNum end = RoundNum::max();
  const CoordNum high{~0ull, n(1), memory_of(1)};
  Commit far_commit;
  far_commit.by_id = {{end.previous(), c(5), {entry(1).id, entry(2).id, entry(3).id}}};
  Commit whole;
  whole.entries = {{end, c(5), entry(1)}, {RoundNum(0), c(5), entry(1)}};
  GenesisMap nobody;
  const std::vector<Message> forged = {
      Prepare{end, c(5)},
      Prepare{end, high},
      Promise{c(5), end, end, 4'000'000'000u, 4'000'000'000u, {}, {}},
      Conflict{c(5), end, high, end, {}},
      Abstention{c(5), end, true, {}},
      Propose{c(5), end, {entry(1), entry(2)}, {}, Duration(-1)},
      Propose{high, RoundNum(0), {entry(1)}, {}, Duration::min()},
      Propose{c(6), r(1), {}, {{end, c(6), {}}}, Duration::max()},
      Acceptance{c(5), RoundNum(0), ~0u, {}},
      Acceptance{c(5), end, ~0u, {}},
      Rejection{c(5), end, {}},
      far_commit,
      whole,
      Fetch{1, RoundNum(0), end},
      Fetch{1, end, end},
      Entries{1, end, {}, end, end, end},
      SnapshotRequest{end, ~0ull},
      SnapshotChunk{end, ~0ull, ~0ull, 1, {}},
      ReadQuery{1},
      ReadAnswer{1, end, end},
      LeadershipRequest{end},
      LeadershipRequest{r(100'000)},
      GenesisNote{GenesisStage::kComplete, true, nobody},
      GenesisPrepare{high, nobody},
      GenesisPromise{high, high, nobody},
      GenesisPropose{high, nobody},
      GenesisAcceptance{high},
      GenesisConflict{c(5), high},
      Announcement{Incarnation(1), 1},
      Challenge{1},
  };
  for (std::size_t i = 0; i < forged.size(); ++i) {
    Nodes nodes(3);
    nodes.append(1, 1, "a");
    nodes.run(kMoment);
    nodes.deliver(1, 2, forged[i]);
    nodes.at(2).turns = 0;
    nodes.messages = 0;
    nodes.run(std::chrono::seconds(2));
    EXPECT_LT(nodes.at(2).turns, 4000) << describe(forged[i]);
    EXPECT_LT(nodes.messages, 4000) << describe(forged[i]);
    EXPECT_TRUE(all_of<Violation>(nodes.at(2).events).empty()) << describe(forged[i]);
    nodes.append(1, 2, "b");
    nodes.append(3, 3, "b");
    EXPECT_TRUE(nodes.run_until([&] { return nodes.has(2, "b"); })) << describe(forged[i]);
  }
}

// Every state that waits has a deadline, and none of them lies in the past for long.
TEST(ReplicaHazards, AnIdleNodeDoesNotSpin) {
  const auto turns = [](Nodes& nodes, std::uint64_t id) {
    nodes.at(id).turns = 0;
    nodes.messages = 0;
    nodes.run(std::chrono::seconds(10));
    return nodes.at(id).turns;
  };
  Nodes one(1);
  one.append(1, 1, "a");
  one.run(kMoment);
  EXPECT_LT(turns(one, 1), 500) << "a cluster of one";

  Nodes nodes(3);
  nodes.append(1, 1, "a");
  nodes.run(kMoment);
  EXPECT_LT(turns(nodes, 2), 500) << "a follower";
  EXPECT_LT(turns(nodes, 1), 500) << "a leader";
  nodes.step(2, StorageTrouble{true, "full"});
  nodes.deliver(1, 2, LeadershipRequest{r(50)});
  EXPECT_LT(turns(nodes, 2), 500) << "asked to lead, and it may not";
}

TEST(ReplicaHazards, AnEjectedNodeDoesNotFetchForEver) {
  Nodes nodes(3);
  nodes.append(1, 1, "a");
  nodes.run(kMoment);
  nodes.step(3, Eject{"by hand"});
  nodes.append(1, 2, "b");
  nodes.run(kMoment);
  nodes.messages = 0;
  nodes.run(std::chrono::seconds(2));
  EXPECT_LT(nodes.messages, 500);
  EXPECT_EQ(nodes.view(3).standing, Standing::kDisoriented);
}

}  // namespace
}  // namespace synod::testing
