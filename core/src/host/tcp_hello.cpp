#include "host/tcp_hello.hpp"

#include <synod/bytes.hpp>
#include <synod/check.hpp>
#include <synod/checksum.hpp>
#include <synod/wire.hpp>

#include <algorithm>

namespace synod::tcp_detail {
namespace {

constexpr std::uint32_t kMagic = 0x486e'7953;  // "SynH".
constexpr std::size_t kSummedBytes = kHelloBytes - sizeof(std::uint32_t);

}  // namespace

std::array<std::byte, kHelloBytes> encode_hello(const Hello& hello) {
  Bytes out;
  out.reserve(kHelloBytes);
  ByteWriter writer(out);
  writer.u32(kMagic);
  writer.u32(hello.version);
  writer.u64(hello.cluster.value());
  writer.u64(hello.id.value());
  writer.u64(hello.incarnation.value());
  writer.u64(hello.session);
  writer.u32(crc32c(out));
  SYNOD_CHECK(out.size() == kHelloBytes, "a hello has a fixed size");
  std::array<std::byte, kHelloBytes> bytes = {};
  std::copy(out.begin(), out.end(), bytes.begin());
  return bytes;
}

HelloStatus decode_hello(std::span<const std::byte, kHelloBytes> bytes, Hello& hello) {
  ByteReader sum(bytes.subspan(kSummedBytes));
  if (sum.u32() != crc32c(bytes.first(kSummedBytes))) return HelloStatus::kNone;
  ByteReader in(bytes);
  if (in.u32() != kMagic) return HelloStatus::kNone;
  const std::uint32_t version = in.u32();
  if (version != kFormatVersion) return HelloStatus::kOtherVersion;
  hello.version = static_cast<std::uint16_t>(version);
  hello.cluster = ClusterId(in.u64());
  hello.id = NodeId(in.u64());
  hello.incarnation = Incarnation(in.u64());
  hello.session = in.u64();
  return HelloStatus::kSound;
}

}  // namespace synod::tcp_detail
