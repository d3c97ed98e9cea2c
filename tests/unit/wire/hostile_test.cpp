// What comes from a network or a disk is anything at all.
#include <gtest/gtest.h>

#include <synod/checksum.hpp>

#include "unit/wire/allocation_count.hpp"
#include "unit/wire/samples.hpp"

namespace synod {
namespace {

using testing::AllocationCount;

constexpr std::size_t kOfEachKind = 8;

TEST(Hostile, EveryTruncatedFrameIsRefused) {
  for (const Message& message : testing::sample_messages(kOfEachKind)) {
    const Bytes frame = testing::frame_of({}, message);
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const auto part = std::span(frame).first(size);
      std::size_t frame_size = 0;
      EXPECT_EQ(peek_frame(part, Limits{}, frame_size), FrameStatus::kNeedMore);
      EXPECT_EQ(frame_size, size < kFrameHeaderBytes ? 0 : frame.size());
      EXPECT_FALSE(decode_frame(nullptr, part, Limits{}).ok()) << kind_of(message) << size;
    }
  }
}

TEST(Hostile, EveryTruncatedBodyIsRefusedBehindASoundChecksum) {
  for (const Message& message : testing::sample_messages(kOfEachKind)) {
    const Bytes body = testing::body_of(message);
    ASSERT_TRUE(testing::message_of(message.index(), body).has_value());
    for (std::size_t size = 0; size < body.size(); ++size) {
      EXPECT_FALSE(testing::message_of(message.index(), std::span(body).first(size)).has_value())
          << kind_of(message) << " cut to " << size;
    }
  }
}

TEST(Hostile, EveryTruncatedRecordIsRefused) {
  for (const Record& record : testing::sample_records(kOfEachKind)) {
    const Bytes bytes = testing::bytes_of(record);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ByteReader in{std::span(bytes).first(size)};
      EXPECT_FALSE(decode_record(in).has_value()) << record.index() << " cut to " << size;
      EXPECT_FALSE(in.ok());
    }
  }
}

TEST(Hostile, EveryFlippedBitOfAFrameIsFound) {
  for (const Message& message : testing::sample_messages(2)) {
    Bytes frame = testing::frame_of({}, message);
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
      const auto flip = static_cast<std::byte>(1u << (bit % 8));
      frame[bit / 8] ^= flip;
      EXPECT_FALSE(decode_frame(nullptr, frame, Limits{}).ok()) << kind_of(message) << bit;
      frame[bit / 8] ^= flip;
    }
    EXPECT_TRUE(decode_frame(nullptr, frame, Limits{}).ok());
  }
}

TEST(Hostile, EveryReplacedByteOfAFrameIsFound) {
  const Bytes sound = testing::frame_of({}, testing::sample_messages(1)[4]);
  for (std::size_t at = 0; at < sound.size(); ++at) {
    for (unsigned flip = 1; flip < 256; ++flip) {
      Bytes frame = sound;
      frame[at] ^= static_cast<std::byte>(flip);
      EXPECT_FALSE(decode_frame(nullptr, frame, Limits{}).ok()) << at << " by " << flip;
    }
  }
}

TEST(Hostile, TrailingBytesAreRefused) {
  for (const Message& message : testing::sample_messages(kOfEachKind)) {
    Bytes frame = testing::frame_of({}, message);
    frame.push_back(std::byte{0});
    EXPECT_FALSE(decode_frame(nullptr, frame, Limits{}).ok()) << kind_of(message);

    Bytes body = testing::body_of(message);
    body.push_back(std::byte{0});
    EXPECT_FALSE(testing::message_of(message.index(), body).has_value()) << kind_of(message);
  }
}

// Behind sound checksums: whatever still decodes has no other form than these very bytes.
TEST(Hostile, WhatDecodesIsInItsOneForm) {
  Prng prng(6);
  std::size_t decoded = 0;
  for (const Message& message : testing::sample_messages(400)) {
    Bytes body = testing::body_of(message);
    if (body.empty()) continue;
    body[prng.below(body.size())] = static_cast<std::byte>(prng.next());
    const std::optional<Message> again = testing::message_of(message.index(), body);
    if (!again) continue;
    ++decoded;
    EXPECT_EQ(testing::body_of(*again), body) << kind_of(message);
  }
  EXPECT_GT(decoded, 1000u);
}

TEST(Hostile, WhatDecodesAsARecordIsInItsOneForm) {
  Prng prng(7);
  std::size_t decoded = 0;
  for (const Record& record : testing::sample_records(400)) {
    Bytes bytes = testing::bytes_of(record);
    bytes[prng.below(bytes.size())] = static_cast<std::byte>(prng.next());
    ByteReader in(bytes);
    const std::optional<Record> again = decode_record(in);
    if (!again || !in.done()) continue;
    ++decoded;
    EXPECT_EQ(testing::bytes_of(*again), bytes) << again->index();
  }
  EXPECT_GT(decoded, 500u);
}

TEST(Hostile, UnknownEnumeratorsAreRefused) {
  Bytes note = testing::body_of(GenesisNote{});
  note[0] = std::byte{3};
  EXPECT_FALSE(testing::message_of(15, note).has_value());

  Propose propose;
  propose.entries.resize(1);
  Bytes body = testing::body_of(propose);
  const std::size_t entry_at = 10 + 1 + 1;  // Number, first round, count.
  ASSERT_TRUE(testing::message_of(4, body).has_value());
  for (const unsigned head : {0x04u, 0x0fu, 0x40u, 0x80u}) {
    body[entry_at] = static_cast<std::byte>(head);
    EXPECT_FALSE(testing::message_of(4, body).has_value()) << head;
  }

  const Bytes unknown_record = {std::byte{9}, std::byte{0}};
  ByteReader in(unknown_record);
  EXPECT_FALSE(decode_record(in).has_value());
}

TEST(Hostile, AnOptionalFieldThatSaysNothingIsRefused) {
  Propose propose;
  propose.entries.resize(1);
  Entry& entry = propose.entries[0];
  entry.tag = 1;
  Bytes tagged = testing::body_of(propose);
  const std::size_t field_at = 10 + 1 + 1 + 1 + 16;  // Number, first round, count, head, id.
  ASSERT_EQ(tagged[field_at], std::byte{1});
  tagged[field_at] = std::byte{0};
  EXPECT_FALSE(testing::message_of(4, tagged).has_value());

  entry.tag = 0;
  entry.last_round = RoundNum::max().previous();
  Bytes expiring = testing::body_of(propose);
  ASSERT_EQ(expiring[field_at], std::byte{0xfe});
  ASSERT_TRUE(testing::message_of(4, expiring).has_value());
  expiring[field_at] = std::byte{0xff};
  EXPECT_FALSE(testing::message_of(4, expiring).has_value());
}

// A count or a length of anything up to 2^64, wherever one may stand.
TEST(Hostile, GreatCountsCostLittleMemory) {
  for (const Message& message : testing::sample_messages(kOfEachKind)) {
    const Bytes sound = testing::body_of(message);
    for (std::size_t at = 0; at < sound.size(); ++at) {
      Bytes body(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(at));
      ByteWriter out(body);
      out.varint(std::numeric_limits<std::uint64_t>::max() >> (at % 50));
      out.raw(std::span(sound).subspan(at));
      const AllocationCount count;
      (void)testing::message_of(message.index(), body);
      EXPECT_LE(count.bytes(), 16 * body.size() + 256) << kind_of(message) << " at " << at;
    }
  }
}

// The dearest bodies per byte: as many of the shortest items as there is room for.
TEST(Hostile, ManySmallThingsCostAFewTimesTheirBytes) {
  constexpr std::size_t kItems = 50'000;
  Propose propose;
  propose.entries.resize(kItems);
  Commit commit;
  commit.by_id.resize(kItems);
  Entries entries;
  entries.entries.resize(kItems);
  Acceptance acceptance;
  acceptance.vote.resize(kItems);
  GenesisNote note;
  note.map.emplace().members.resize(1024);
  for (const Message& message : std::vector<Message>{propose, commit, entries, acceptance, note}) {
    const Bytes frame = testing::frame_of({}, message);
    const AllocationCount count;
    (void)decode_frame(nullptr, frame, Limits{});
    EXPECT_LE(count.bytes(), 8 * frame.size()) << kind_of(message);
  }
}

TEST(Hostile, MoreMembersThanTheLimitAreRefused) {
  GenesisNote note;
  note.map.emplace().members.resize(65);
  EXPECT_FALSE(testing::message_of(15, testing::body_of(note)).has_value());
  note.map->members.resize(64);
  EXPECT_TRUE(testing::message_of(15, testing::body_of(note)).has_value());
}

TEST(Hostile, MoreFoundersThanTheLimitAreRefused) {
  for (const std::size_t members : {64u, 65u}) {
    GenesisMap map;
    map.members.resize(members);
    const bool fits = members == 64;
    for (const Message& message :
         std::vector<Message>{GenesisPrepare{{}, map}, GenesisPromise{{}, {}, map},
                              GenesisPropose{{}, map}}) {
      EXPECT_EQ(testing::message_of(message.index(), testing::body_of(message)).has_value(), fits)
          << kind_of(message) << " " << members;
    }
  }
}

}  // namespace
}  // namespace synod
