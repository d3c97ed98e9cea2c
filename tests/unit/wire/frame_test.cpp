#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <sstream>

#include <synod/checksum.hpp>

#include "unit/wire/samples.hpp"

namespace synod {
namespace {

const Envelope kEnvelope = {ClusterId::of("example"), NodeId(2), Incarnation(0x0123456789abcdef)};

void put_little_endian(std::uint32_t value, std::byte* at) {
  for (std::size_t i = 0; i < 4; ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
}

// A frame whose header was changed by somebody who can sum.
Bytes with_header(Bytes frame, std::size_t at, std::byte value) {
  frame[at] = value;
  put_little_endian(crc32c(std::span(frame).first(40)), frame.data() + 40);
  return frame;
}

FrameStatus status_of(std::span<const std::byte> bytes, const Limits& limits = {}) {
  std::size_t size = 0;
  return peek_frame(bytes, limits, size);
}

TEST(Frame, AnotherVersionIsToldFromGarbage) {
  Envelope envelope = kEnvelope;
  envelope.version = kFormatVersion + 1;
  const Bytes frame = testing::frame_of(envelope, ReadQuery{5});
  EXPECT_EQ(status_of(frame), FrameStatus::kOtherVersion);
  EXPECT_EQ(decode_frame(nullptr, frame, Limits{}).status().code(),
            absl::StatusCode::kFailedPrecondition);

  Bytes garbage = frame;
  garbage[4] = std::byte{9};
  EXPECT_EQ(status_of(garbage), FrameStatus::kDamaged);
  garbage[0] = std::byte{'X'};
  EXPECT_EQ(status_of(garbage), FrameStatus::kNoFrame);
  EXPECT_EQ(decode_frame(nullptr, garbage, Limits{}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Frame, AnUnknownKindHasAnErrorOfItsOwn) {
  const Bytes frame = testing::frame_of(kEnvelope, ReadQuery{5});
  const Bytes unknown = with_header(frame, 6, std::byte{25});
  EXPECT_EQ(status_of(unknown), FrameStatus::kReady);
  EXPECT_EQ(decode_frame(nullptr, unknown, Limits{}).status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(Frame, TheReservedByteIsZero) {
  const Bytes frame = with_header(testing::frame_of(kEnvelope, ReadQuery{5}), 7, std::byte{1});
  EXPECT_EQ(status_of(frame), FrameStatus::kNoFrame);
}

TEST(Frame, GarbageIsKnownByItsFirstByte) {
  const Bytes http = {std::byte{'G'}};
  EXPECT_EQ(status_of(http), FrameStatus::kNoFrame);
  EXPECT_EQ(status_of({}), FrameStatus::kNeedMore);
}

TEST(Frame, ALengthIsBelievedOnlyUnderItsChecksum) {
  Bytes frame = testing::frame_of(kEnvelope, ReadQuery{5});
  put_little_endian(0xffff'ffff, frame.data() + 8);
  EXPECT_EQ(status_of(frame), FrameStatus::kDamaged);
  EXPECT_EQ(status_of(with_header(frame, 8, std::byte{0xff})), FrameStatus::kTooLong);
}

TEST(Frame, TheLimitHoldsToTheByte) {
  const Bytes frame =
      testing::frame_of(kEnvelope, Note{"n", Payload::copy_of(std::string(1000, 'x'))});
  Limits limits;
  limits.frame_bytes_max = static_cast<std::uint32_t>(frame.size());
  EXPECT_EQ(status_of(frame, limits), FrameStatus::kReady);
  EXPECT_TRUE(decode_frame(nullptr, frame, limits).ok());
  --limits.frame_bytes_max;
  EXPECT_EQ(status_of(frame, limits), FrameStatus::kTooLong);
  EXPECT_FALSE(decode_frame(nullptr, frame, limits).ok());
  limits.frame_bytes_max = 0;
  EXPECT_EQ(status_of(frame, limits), FrameStatus::kTooLong);
}

TEST(Frame, BodiesAreNotTakenForOneAnother) {
  // Both kinds are a round and a number; only the header tells them apart.
  const Bytes prepare = testing::frame_of(kEnvelope, Prepare{RoundNum(1), {}});
  Bytes changed = prepare;
  changed[6] = std::byte{6};
  EXPECT_FALSE(decode_frame(nullptr, changed, Limits{}).ok());
}

// --- The example of docs/formats/wire.md ---------------------------------------------------------

Message example_message() {
  Propose propose;
  propose.coord = {4, NodeId(2), kEnvelope.incarnation};
  propose.first = RoundNum(300);
  Entry add;
  add.id = {0x1111111111111111, 0x2222222222222222};
  add.kind = EntryKind::kState;
  add.last_round = RoundNum(1000);
  add.payload = Payload::copy_of("add 5");
  Entry noop;
  noop.id = {0, 7};
  propose.entries = {add, noop};
  propose.commits = {{RoundNum(299), propose.coord, {{0, 6}}}};
  propose.quorum_age = Duration(250);
  return propose;
}

// The hexadecimal bytes of the fenced block marked "frame"; what follows a # is said to people.
Bytes documented_frame() {
  std::ifstream file(SYNOD_DOCS_FOLDER "/formats/wire.md");
  Bytes bytes;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = line == "```frame";
      continue;
    }
    if (!inside) continue;
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) {
      bytes.push_back(static_cast<std::byte>(std::stoul(word, nullptr, 16)));
    }
  }
  return bytes;
}

TEST(Frame, TheDocumentedExampleIsWhatIsWritten) {
  const Bytes documented = documented_frame();
  EXPECT_EQ(documented, testing::frame_of(kEnvelope, example_message()));
  const auto decoded = decode_frame(nullptr, documented, Limits{});
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_TRUE(decoded->second == example_message());
  EXPECT_EQ(decoded->first, kEnvelope);
}

}  // namespace
}  // namespace synod
