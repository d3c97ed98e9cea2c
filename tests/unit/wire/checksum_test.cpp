#include <gtest/gtest.h>

#include <string_view>

#include <synod/bytes.hpp>
#include <synod/checksum.hpp>

namespace synod {
namespace {

std::uint32_t sum_of(std::string_view text) { return crc32c(std::as_bytes(std::span(text))); }

// RFC 3720, appendix B.4, and the usual check value.
TEST(Checksum, IsCrc32c) {
  EXPECT_EQ(sum_of(""), 0u);
  EXPECT_EQ(sum_of("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(Bytes(32, std::byte{0})), 0x8a9136aau);
  EXPECT_EQ(crc32c(Bytes(32, std::byte{0xff})), 0x62a8ab43u);
}

TEST(Checksum, GoesOnFromWhatIsBefore) {
  const std::string_view text = "a checksum in two parts is the checksum of the whole";
  const auto bytes = std::as_bytes(std::span(text));
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    EXPECT_EQ(crc32c(bytes.subspan(at), crc32c(bytes.first(at))), crc32c(bytes));
  }
}

}  // namespace
}  // namespace synod
