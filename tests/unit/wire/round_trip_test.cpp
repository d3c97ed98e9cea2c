#include <gtest/gtest.h>

#include "unit/wire/allocation_count.hpp"
#include "unit/wire/samples.hpp"

namespace synod {
namespace {

using testing::AllocationCount;

constexpr std::size_t kOfEachKind = 200;

TEST(RoundTrip, EveryKindOfMessageComesBackEqual) {
  Prng prng(3);
  for (const Message& message : testing::sample_messages(kOfEachKind)) {
    const Envelope envelope = testing::random_envelope(prng);
    const Bytes frame = testing::frame_of(envelope, message);
    const auto decoded = decode_frame(nullptr, frame, Limits{});
    ASSERT_TRUE(decoded.ok()) << kind_of(message) << ": " << decoded.status().ToString();
    EXPECT_EQ(decoded->first, envelope);
    EXPECT_EQ(decoded->second.index(), message.index());
    EXPECT_TRUE(decoded->second == message) << kind_of(message);
  }
}

TEST(RoundTrip, EveryKindOfRecordComesBackEqual) {
  for (const Record& record : testing::sample_records(kOfEachKind)) {
    const Bytes bytes = testing::bytes_of(record);
    ByteReader in(bytes);
    const std::optional<Record> decoded = decode_record(in);
    ASSERT_TRUE(decoded.has_value()) << "kind " << record.index();
    EXPECT_TRUE(in.done());
    EXPECT_TRUE(*decoded == record) << "kind " << record.index();
  }
}

TEST(RoundTrip, RecordsFollowOneAnother) {
  const std::vector<Record> records = testing::sample_records(5);
  Bytes bytes;
  ByteWriter out(bytes);
  for (const Record& record : records) encode_record(record, out);

  ByteReader in(bytes);
  for (const Record& record : records) {
    const std::optional<Record> decoded = decode_record(in);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_TRUE(*decoded == record);
  }
  EXPECT_TRUE(in.done());
}

TEST(RoundTrip, FramesAreAppendedToWhatIsThere) {
  Prng prng(4);
  Bytes stream;
  const std::vector<Message> messages = testing::sample_messages(3);
  for (const Message& message : messages) {
    encode_frame(testing::random_envelope(prng), message, stream);
  }
  std::span<const std::byte> rest = stream;
  for (const Message& message : messages) {
    std::size_t size = 0;
    ASSERT_EQ(peek_frame(rest, Limits{}, size), FrameStatus::kReady);
    const auto decoded = decode_frame(nullptr, rest.first(size), Limits{});
    ASSERT_TRUE(decoded.ok());
    EXPECT_TRUE(decoded->second == message);
    rest = rest.subspan(size);
  }
  EXPECT_TRUE(rest.empty());
}

TEST(RoundTrip, AnAgeInTheFutureIsNow) {
  const Bytes frame = testing::frame_of({}, Commit{{}, {}, Duration(-5)});
  const auto decoded = decode_frame(nullptr, frame, Limits{});
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(std::get<Commit>(decoded->second).quorum_age, Duration::zero());
}

TEST(RoundTrip, OfAVoteWhatDoesNotFitIsDroppedFromTheEnd) {
  Acceptance acceptance;
  const Limits limits;
  const Payload half = Payload::copy_of(std::string(limits.vote_bytes_max / 2, 'x'));
  acceptance.vote = {{"", half}, {"a", half}, {"b", {}}};
  const Bytes frame = testing::frame_of({}, acceptance);
  const auto decoded = decode_frame(nullptr, frame, limits);
  ASSERT_TRUE(decoded.ok());
  const VoteSections& vote = std::get<Acceptance>(decoded->second).vote;
  ASSERT_EQ(vote.size(), 1u);
  EXPECT_EQ(vote[0].bytes, half);
}

Propose propose_of(std::size_t entries) {
  Propose propose{{7, NodeId(1), Incarnation(99)}, RoundNum(1000), {}, {}, Duration(50)};
  Prng prng(5);
  for (std::size_t i = 0; i < entries; ++i) {
    propose.entries.push_back({prng.entry_id(), EntryKind::kState, 0, RoundNum::max(),
                               Payload::copy_of(std::string(256, 'p'))});
  }
  return propose;
}

TEST(RoundTrip, PayloadsShareTheOwnersBytes) {
  const auto frame = std::make_shared<const Bytes>(testing::frame_of({}, Message(propose_of(3))));
  const auto decoded = decode_frame(frame, *frame, Limits{});
  ASSERT_TRUE(decoded.ok());
  for (const Entry& entry : std::get<Propose>(decoded->second).entries) {
    const std::byte* const at = entry.payload.bytes().data();
    EXPECT_TRUE(std::less_equal<>()(frame->data(), at));
    EXPECT_TRUE(std::less<>()(at, frame->data() + frame->size()));
  }
  EXPECT_EQ(frame.use_count(), 4);
}

TEST(RoundTrip, WithoutAnOwnerPayloadsOutliveTheFrame) {
  const Propose propose = propose_of(3);
  Bytes frame = testing::frame_of({}, Message(propose));
  const auto decoded = decode_frame(nullptr, frame, Limits{});
  ASSERT_TRUE(decoded.ok());
  std::fill(frame.begin(), frame.end(), std::byte{0});
  EXPECT_TRUE(std::get<Propose>(decoded->second) == propose);
}

TEST(RoundTrip, DecodingAProposeAllocatesOnceWhateverItsLength) {
  for (const std::size_t entries : {1u, 64u, 1024u}) {
    const auto frame =
        std::make_shared<const Bytes>(testing::frame_of({}, Message(propose_of(entries))));
    const Limits limits;
    const AllocationCount shared;
    const auto decoded = decode_frame(frame, *frame, limits);
    EXPECT_EQ(shared.allocations(), 1u) << entries;
    ASSERT_TRUE(decoded.ok());

    const AllocationCount copied;
    const auto decoded_again = decode_frame(nullptr, *frame, limits);
    EXPECT_EQ(copied.allocations(), 2u) << entries;
    ASSERT_TRUE(decoded_again.ok());
  }
}

TEST(RoundTrip, EncodingIntoAReusedBufferAllocatesNothing) {
  const Message propose = propose_of(64);
  const Message acceptance = Acceptance{{7, NodeId(1), Incarnation(99)}, RoundNum(1000), 64, {}};
  Bytes buffer;
  encode_frame({}, propose, buffer);
  buffer.clear();
  const AllocationCount count;
  encode_frame({}, propose, buffer);
  buffer.clear();
  encode_frame({}, acceptance, buffer);
  EXPECT_EQ(count.allocations(), 0u);
  EXPECT_LT(buffer.size(), 64u);
}

}  // namespace
}  // namespace synod
