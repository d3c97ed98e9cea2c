#include <gtest/gtest.h>

#include <string>

#include <synod/cluster.hpp>

namespace synod {
namespace {

Cluster cluster_of(std::initializer_list<std::uint32_t> weights) {
  Cluster cluster;
  std::uint64_t id = 1;
  for (const std::uint32_t weight : weights) {
    cluster.members.push_back({.id = NodeId(id++), .weight = weight});
  }
  return cluster;
}

bool allowed(const Cluster& cluster) { return refusal(cluster, 64).empty(); }

TEST(Cluster, AnOrdinaryOneIsAllowed) {
  EXPECT_EQ(refusal(cluster_of({1, 1, 1}), 3), "");
  EXPECT_EQ(refusal(cluster_of({1}), 1), "");
}

TEST(Cluster, NoMembersTooManyTwinsAndNobodyAreRefused) {
  EXPECT_FALSE(allowed({}));
  EXPECT_NE(refusal(cluster_of({1, 1, 1}), 2), "");
  Cluster twins = cluster_of({1, 1, 1});
  twins.members[2].id = NodeId(1);
  EXPECT_EQ(refusal(twins, 64), "Member 1 is named twice.");
  Cluster nobody = cluster_of({1, 1});
  nobody.members[1].id = NodeId();
  EXPECT_FALSE(allowed(nobody));
}

TEST(Cluster, AnAcceptorWeighsSomethingAndAllTogetherNotTooMuch) {
  EXPECT_FALSE(allowed(cluster_of({1, 0, 1})));
  EXPECT_TRUE(allowed(cluster_of({0xffff'fffe, 1})));
  EXPECT_FALSE(allowed(cluster_of({0xffff'ffff, 1})));

  Cluster learner = cluster_of({1, 0});
  learner.members[1].roles.accept = false;
  EXPECT_TRUE(allowed(learner));
  learner.members[0].roles.accept = false;
  EXPECT_FALSE(allowed(learner)) << "Nobody accepts.";
}

TEST(Cluster, ALearnersWeightDoesNotCount) {
  Cluster cluster = cluster_of({1, 1, 5});
  cluster.members[2].roles.accept = false;
  cluster.policy = {2, 2};
  EXPECT_TRUE(allowed(cluster));
  cluster.policy = {3, 3};
  EXPECT_FALSE(allowed(cluster));
}

// H22: any two quorums of the two phases share an acceptor.
TEST(Cluster, QuorumsThatNeedNotIntersectAreRefused) {
  const auto with_policy = [](std::uint64_t phase1, std::uint64_t phase2) {
    Cluster cluster = cluster_of({1, 1, 1, 1, 1});
    cluster.policy = {phase1, phase2};
    return cluster;
  };
  for (std::uint64_t phase1 = 1; phase1 <= 6; ++phase1) {
    for (std::uint64_t phase2 = 1; phase2 <= 6; ++phase2) {
      const bool sound = phase1 <= 5 && phase2 <= 5 && phase1 + phase2 > 5;
      EXPECT_EQ(allowed(with_policy(phase1, phase2)), sound) << phase1 << " " << phase2;
    }
  }
  EXPECT_TRUE(allowed(with_policy(0, 3))) << "A majority is 3.";
  EXPECT_FALSE(allowed(with_policy(0, 2)));
  EXPECT_FALSE(allowed(with_policy(~0ull, ~0ull))) << "The sum overflows.";
}

TEST(Cluster, AnAddressHasALimit) {
  Cluster cluster = cluster_of({1});
  cluster.members[0].address = std::string(256, 'a');
  EXPECT_TRUE(allowed(cluster));
  cluster.members[0].address += 'a';
  EXPECT_FALSE(allowed(cluster));
}

GenesisMap map_of_two() {
  GenesisMap map;
  map.members.push_back({{.id = NodeId(1), .address = "one:1"}, Incarnation(11)});
  map.members.push_back(
      {{.id = NodeId(2), .roles = {.accept = false}, .weight = 0}, Incarnation(22)});
  map.policy = {1, 1};
  map.remembered_rounds = 1000;
  map.founding = FoundingRule::kQuorum;
  return map;
}

TEST(GenesisMap, NamesItsMembersAndTheirIncarnations) {
  const GenesisMap map = map_of_two();
  EXPECT_EQ(map.incarnation_of(NodeId(2)), Incarnation(22));
  EXPECT_EQ(map.incarnation_of(NodeId(3)), Incarnation());
  const Cluster cluster = map.cluster();
  EXPECT_EQ(cluster.policy, map.policy);
  ASSERT_NE(cluster.find(NodeId(1)), nullptr);
  EXPECT_EQ(cluster.find(NodeId(1))->address, "one:1");
  EXPECT_EQ(cluster.find(NodeId(3)), nullptr);
}

TEST(GenesisMap, ComesBackFromItsBytesAndFromNoPartOfThem) {
  const GenesisMap map = map_of_two();
  Bytes bytes;
  ByteWriter out(bytes);
  encode(map, out);
  encode(map.cluster(), out);

  ByteReader in(bytes);
  GenesisMap map_read;
  Cluster cluster_read;
  decode(in, map_read);
  decode(in, cluster_read);
  EXPECT_TRUE(in.done());
  EXPECT_EQ(map_read, map);
  EXPECT_EQ(cluster_read, map.cluster());

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader cut{std::span(bytes).first(size)};
    decode(cut, map_read);
    decode(cut, cluster_read);
    EXPECT_FALSE(cut.ok()) << size;
  }
}

TEST(GenesisMap, UnknownRolesAndTooGreatWeightsDoNotDecode) {
  Bytes bytes;
  ByteWriter out(bytes);
  encode(map_of_two().cluster(), out);
  GenesisMap map;
  Cluster cluster;
  bytes[2] = std::byte{0x0f};
  ByteReader roles(bytes);
  decode(roles, cluster);
  EXPECT_FALSE(roles.ok());

  Bytes heavy;
  ByteWriter heavy_out(heavy);
  for (const std::uint64_t value : {1ull, 1ull, 7ull, 1ull << 32, 0ull, 0ull, 0ull}) {
    heavy_out.varint(value);
  }
  ByteReader weight(heavy);
  decode(weight, cluster);
  EXPECT_FALSE(weight.ok());
}

}  // namespace
}  // namespace synod
