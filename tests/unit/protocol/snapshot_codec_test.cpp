#include "protocol/snapshot_codec.hpp"

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

SnapshotPtr made(std::uint64_t round, std::uint64_t last_id_round) {
  SnapshotContent content;
  content.round = r(round);
  content.digest = 77;
  content.genesis = genesis_of({1, 2, 3});
  content.changes = {{n(2), r(9), Incarnation(5)}};
  IdTable ids(100);
  ids.insert(r(1), {1, 10});
  ids.insert(r(last_id_round), {1, 20});
  return encode_snapshot(content, ids, [](Bytes& out) {
    ByteWriter(out).text("state");
    return true;
  });
}

TEST(SnapshotCodec, IsTheSameAfterItsBytes) {
  const SnapshotPtr snapshot = made(12, 11);
  const auto content = decode_snapshot(*snapshot);
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ(content->round, r(12));
  EXPECT_EQ(content->digest, 77u);
  EXPECT_EQ(content->genesis, genesis_of({1, 2, 3}));
  ASSERT_EQ(content->changes.size(), 1u);
  EXPECT_EQ(content->changes[0], (IncarnationChange{n(2), r(9), Incarnation(5)}));
  EXPECT_EQ(content->ids.find({1, 20}), r(11));
  ByteReader state(content->state);
  EXPECT_EQ(state.text(100), "state");
}

TEST(SnapshotCodec, RefusesEveryPrefixOfItsHead) {
  const SnapshotPtr snapshot = made(12, 11);
  const std::size_t head = snapshot->bytes.size() - 6;
  for (std::size_t size = 0; size < head; ++size) {
    Snapshot cut = *snapshot;
    cut.bytes.resize(size);
    EXPECT_FALSE(decode_snapshot(cut).has_value()) << size;
  }
}

TEST(SnapshotCodec, RefusesAnotherVersionOrRound) {
  Snapshot other = *made(12, 11);
  other.bytes[0] = std::byte{200};
  EXPECT_FALSE(decode_snapshot(other).has_value());
  Snapshot moved = *made(12, 11);
  moved.round = r(13);
  EXPECT_FALSE(decode_snapshot(moved).has_value());
}

// An id from the future would stop the node at the next apply.
TEST(SnapshotCodec, RefusesIdsAboveItsRound) {
  EXPECT_FALSE(decode_snapshot(*made(12, 13)).has_value());
}

TEST(SnapshotCodec, GivesNothingWhereTheStateCannotBeSaved) {
  SnapshotContent content;
  EXPECT_EQ(encode_snapshot(content, IdTable(1), [](Bytes&) { return false; }), nullptr);
}

}  // namespace
}  // namespace synod::testing
