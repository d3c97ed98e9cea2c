#include <synod/wire.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include <absl/status/status.h>

#include <synod/check.hpp>
#include <synod/checksum.hpp>

#include "wire/message_codec.hpp"
#include "wire/sinks.hpp"

namespace synod {
namespace {

constexpr std::array<std::byte, 4> kMagic = {std::byte{'S'}, std::byte{'y'}, std::byte{'n'},
                                             std::byte{'F'}};
// The header's own checksum comes last and covers all before it.
constexpr std::size_t kHeaderSummedBytes = kFrameHeaderBytes - sizeof(std::uint32_t);

struct Header {
  Envelope envelope;
  std::uint8_t kind = 0;
  std::uint32_t body_bytes = 0;
  std::uint32_t body_checksum = 0;
};

void write_header(const Header& header, std::byte* at) {
  wire::Fill fill(at);
  fill.raw(kMagic);
  fill.u16(header.envelope.version);
  fill.u8(header.kind);
  fill.u8(0);
  fill.u32(header.body_bytes);
  fill.u64(header.envelope.cluster.value());
  fill.u64(header.envelope.from.value());
  fill.u64(header.envelope.incarnation.value());
  fill.u32(header.body_checksum);
  fill.u32(crc32c({at, kHeaderSummedBytes}));
  SYNOD_CHECK(fill.at() == at + kFrameHeaderBytes, "a frame's header has a fixed size");
}

bool starts_with_magic(std::span<const std::byte> bytes) {
  const std::size_t shown = std::min(bytes.size(), kMagic.size());
  return std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(shown),
                    kMagic.begin());
}

// Believes nothing but the magic bytes before the checksum holds. Requires: a header's worth.
FrameStatus read_header(std::span<const std::byte> bytes, const Limits& limits, Header& header) {
  if (!starts_with_magic(bytes)) return FrameStatus::kNoFrame;
  ByteReader sum(bytes.subspan(kHeaderSummedBytes));
  if (sum.u32() != crc32c(bytes.first(kHeaderSummedBytes))) return FrameStatus::kDamaged;

  ByteReader in(bytes.first(kHeaderSummedBytes).subspan(kMagic.size()));
  const unsigned version_low = in.u8();
  header.envelope.version = static_cast<std::uint16_t>(version_low | (unsigned{in.u8()} << 8));
  header.kind = in.u8();
  const std::uint8_t reserved = in.u8();
  header.body_bytes = in.u32();
  header.envelope.cluster = ClusterId(in.u64());
  header.envelope.from = NodeId(in.u64());
  header.envelope.incarnation = Incarnation(in.u64());
  header.body_checksum = in.u32();
  SYNOD_CHECK(in.done(), "a frame's header has a fixed size");

  if (header.envelope.version != kFormatVersion) return FrameStatus::kOtherVersion;
  if (reserved != 0) return FrameStatus::kNoFrame;
  const std::size_t room =
      limits.frame_bytes_max - std::min<std::size_t>(limits.frame_bytes_max, kFrameHeaderBytes);
  return header.body_bytes > room ? FrameStatus::kTooLong : FrameStatus::kReady;
}

absl::Status refused(FrameStatus status) {
  const std::string_view why = to_string(status);
  std::string text = "A frame was refused: ";
  text += why;
  return status == FrameStatus::kOtherVersion ? absl::FailedPreconditionError(text)
                                              : absl::InvalidArgumentError(text);
}

}  // namespace

std::string_view to_string(FrameStatus status) {
  switch (status) {
    case FrameStatus::kNeedMore:
      return "incomplete";
    case FrameStatus::kReady:
      return "ready";
    case FrameStatus::kOtherVersion:
      return "another format version";
    case FrameStatus::kNoFrame:
      return "not a frame";
    case FrameStatus::kDamaged:
      return "damaged header";
    case FrameStatus::kTooLong:
      return "too long";
  }
  return "unknown";
}

void encode_frame(const Envelope& envelope, const Message& message, Bytes& out) {
  const std::size_t start = out.size();
  std::byte* const at = wire::append_body(message, kFrameHeaderBytes, out);
  const std::span<const std::byte> body = std::span(out).subspan(start + kFrameHeaderBytes);
  SYNOD_CHECK(body.size() <= std::numeric_limits<std::uint32_t>::max() - kFrameHeaderBytes,
              "no message is that long");
  write_header({.envelope = envelope,
                .kind = static_cast<std::uint8_t>(message.index()),
                .body_bytes = static_cast<std::uint32_t>(body.size()),
                .body_checksum = crc32c(body)},
               at);
}

FrameStatus peek_frame(std::span<const std::byte> bytes, const Limits& limits,
                       std::size_t& frame_size) {
  frame_size = 0;
  if (bytes.size() < kFrameHeaderBytes) {
    return starts_with_magic(bytes) ? FrameStatus::kNeedMore : FrameStatus::kNoFrame;
  }
  Header header;
  const FrameStatus status = read_header(bytes.first(kFrameHeaderBytes), limits, header);
  if (status != FrameStatus::kReady) return status;
  frame_size = kFrameHeaderBytes + header.body_bytes;
  return bytes.size() < frame_size ? FrameStatus::kNeedMore : FrameStatus::kReady;
}

absl::StatusOr<std::pair<Envelope, Message>> decode_frame(std::shared_ptr<const void> owner,
                                                          std::span<const std::byte> frame,
                                                          const Limits& limits) {
  if (frame.size() < kFrameHeaderBytes) return refused(FrameStatus::kNeedMore);
  Header header;
  const FrameStatus status = read_header(frame.first(kFrameHeaderBytes), limits, header);
  if (status != FrameStatus::kReady) return refused(status);

  const std::span<const std::byte> body = frame.subspan(kFrameHeaderBytes);
  if (body.size() != header.body_bytes) {
    return absl::InvalidArgumentError("A frame was refused: its length is not what it says.");
  }
  if (crc32c(body) != header.body_checksum) {
    return absl::InvalidArgumentError("A frame was refused: damaged body");
  }
  if (!wire::is_known_kind(header.kind)) {
    return absl::UnimplementedError("A frame was refused: unknown kind " +
                                    std::to_string(header.kind));
  }
  ByteReader in(body);
  wire::PayloadSource payloads(std::move(owner), body);
  wire::Decoder decoder(in, payloads);
  std::optional<Message> message = wire::decode_body(header.kind, decoder, limits);
  if (!message) {
    return absl::InvalidArgumentError("A frame was refused: malformed body of kind " +
                                      std::to_string(header.kind));
  }
  return std::pair<Envelope, Message>(header.envelope, *std::move(message));
}

}  // namespace synod
