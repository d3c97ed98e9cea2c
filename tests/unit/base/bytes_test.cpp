#include <gtest/gtest.h>

#include <limits>
#include <string>

#include <synod/bytes.hpp>

namespace synod {
namespace {

Bytes hex(std::initializer_list<unsigned> values) {
  Bytes bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

TEST(Bytes, WhatIsWrittenIsRead) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(200);
  out.u32(0xdeadbeef);
  out.u64(0x0123456789abcdef);
  out.boolean(true);
  out.boolean(false);
  out.f64(-0.5);
  out.text("text");
  out.bytes(hex({1, 2}));
  out.raw(hex({3}));

  ByteReader in(bytes);
  EXPECT_EQ(in.u8(), 200);
  EXPECT_EQ(in.u32(), 0xdeadbeefu);
  EXPECT_EQ(in.u64(), 0x0123456789abcdefu);
  EXPECT_TRUE(in.boolean());
  EXPECT_FALSE(in.boolean());
  EXPECT_EQ(in.f64(), -0.5);
  EXPECT_EQ(in.text(4), "text");
  EXPECT_EQ(in.bytes(2).size(), 2u);
  EXPECT_FALSE(in.done());
  EXPECT_EQ(in.raw(1)[0], std::byte{3});
  EXPECT_TRUE(in.done());
}

TEST(Bytes, NumbersAreLittleEndian) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u32(0x01020304);
  out.varint(300);
  EXPECT_EQ(bytes, hex({4, 3, 2, 1, 0xac, 2}));
}

TEST(Bytes, VarintsOfEveryLength) {
  for (int shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t value : {1ull << shift, (1ull << shift) - 1, ~0ull >> shift}) {
      Bytes bytes;
      ByteWriter(bytes).varint(value);
      ByteReader in(bytes);
      EXPECT_EQ(in.varint(), value);
      EXPECT_TRUE(in.done());
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        ByteReader cut{std::span(bytes).first(size)};
        EXPECT_EQ(cut.varint(), 0u);
        EXPECT_FALSE(cut.ok());
      }
    }
  }
}

TEST(Bytes, AVarintHasOneForm) {
  for (const Bytes& wrong :
       {hex({0x80, 0}), hex({0x81, 0x80, 0}),
        hex({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}),
        hex({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x00})}) {
    ByteReader in(wrong);
    EXPECT_EQ(in.varint(), 0u);
    EXPECT_FALSE(in.ok());
  }
}

TEST(Bytes, AfterAFailureEverythingIsNothing) {
  const Bytes bytes = hex({2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  ByteReader in(bytes);
  EXPECT_FALSE(in.boolean());  // 2 is neither.
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0);
  EXPECT_EQ(in.u32(), 0u);
  EXPECT_EQ(in.u64(), 0u);
  EXPECT_EQ(in.varint(), 0u);
  EXPECT_EQ(in.count(10, 1), 0u);
  EXPECT_TRUE(in.bytes(10).empty());
  EXPECT_TRUE(in.raw(1).empty());
  EXPECT_FALSE(in.done());
}

TEST(Bytes, LengthsAreCheckedAgainstTheLimitAndWhatIsLeft) {
  const Bytes bytes = hex({3, 1, 2, 3});
  EXPECT_EQ(ByteReader(bytes).bytes(3).size(), 3u);
  EXPECT_TRUE(ByteReader(bytes).bytes(2).empty());
  ByteReader cut{std::span(bytes).first(3)};
  EXPECT_TRUE(cut.bytes(3).empty());
  EXPECT_FALSE(cut.ok());

  Bytes huge;
  ByteWriter(huge).varint(std::numeric_limits<std::uint64_t>::max());
  ByteReader in(huge);
  EXPECT_TRUE(in.bytes(std::numeric_limits<std::size_t>::max()).empty());
  EXPECT_FALSE(in.ok());
}

TEST(Bytes, ACountFitsIntoWhatIsLeft) {
  const Bytes bytes = hex({3, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(ByteReader(bytes).count(3, 2), 3u);
  for (const auto& [max, each] : {std::pair<std::size_t, std::size_t>{2, 2}, {3, 3}}) {
    ByteReader in(bytes);
    EXPECT_EQ(in.count(max, each), 0u);
    EXPECT_FALSE(in.ok());
  }
}

TEST(Payload, SharesItsOwnersBytes) {
  auto owner = std::make_shared<const Bytes>(hex({1, 2, 3, 4}));
  const Payload part(owner, std::span(*owner).subspan(1, 2));
  const std::byte* const at = owner->data();
  owner.reset();
  EXPECT_EQ(part.bytes().data(), at + 1);
  EXPECT_TRUE(part == Payload::copy_of(hex({2, 3})));
}

TEST(Payload, IsEqualByContent) {
  EXPECT_TRUE(Payload::copy_of("ab") == Payload::copy_of("ab"));
  EXPECT_FALSE(Payload::copy_of("ab") == Payload::copy_of("ac"));
  EXPECT_FALSE(Payload::copy_of("ab") == Payload::copy_of("abc"));
  EXPECT_TRUE(Payload() == Payload::copy_of(""));
  EXPECT_EQ(Payload::copy_of("ab").text(), "ab");
}

}  // namespace
}  // namespace synod
