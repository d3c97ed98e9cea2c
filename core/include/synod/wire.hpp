// File: wire.hpp
//
// Messages and records as bytes, and back. Everything that comes in is hostile until it is checked:
// no length is believed before the checksum over it holds, room is made for a count only where the
// bytes that are left could hold so many, and whatever is left over is an error. Each value has one
// form in bytes. docs/formats/wire.md shows them.
//
// None of these functions keeps anything between calls; each may be called on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <absl/status/statusor.h>

#include <synod/bytes.hpp>
#include <synod/limits.hpp>
#include <synod/message.hpp>
#include <synod/record.hpp>
#include <synod/types.hpp>

namespace synod {

inline constexpr std::uint16_t kFormatVersion = 1;
// What comes before a frame's body; the same in every format version.
inline constexpr std::size_t kFrameHeaderBytes = 44;

// What a frame says of its sender.
struct Envelope {
  ClusterId cluster;
  NodeId from;
  Incarnation incarnation;
  std::uint16_t version = kFormatVersion;

  friend bool operator==(const Envelope&, const Envelope&) = default;
};

// What the start of some bytes is.
enum class FrameStatus : std::uint8_t {
  kNeedMore,      // So far a frame, but not all of it has come.
  kReady,         // A whole frame; decode_frame() tells whether its body is sound.
  kOtherVersion,  // Sound, but of another format version: its body cannot be read here.
  kNoFrame,       // Does not start as a frame does.
  kDamaged,       // The checksum of the header does not hold.
  kTooLong,       // Longer than Limits::frame_bytes_max.
};
[[nodiscard]] std::string_view to_string(FrameStatus status);

// Appends one frame to `out`. The same bytes serve all receivers. Makes room once and allocates
// nothing else, except for a genesis map.
void encode_frame(const Envelope& envelope, const Message& message, Bytes& out);

// Looks at what `bytes` start with. Sets `frame_size` for kReady, and for kNeedMore where the size
// is known already; otherwise to 0. After anything but these two a stream cannot be read on.
[[nodiscard]] FrameStatus peek_frame(std::span<const std::byte> bytes, const Limits& limits,
                                     std::size_t& frame_size);

// Decodes `frame`, which must be one frame and nothing else (a datagram, or `frame_size` bytes).
// Payloads share `owner`, which keeps `frame` alive: nothing is copied, but an entry that is kept
// for long holds all that its owner holds. Without an owner a frame that carries payloads is copied
// once, into an allocation that only they share: right where many frames are read into one buffer.
//
// Errors: kFailedPrecondition for another format version, kUnimplemented for a kind of message that
// this version does not know, kInvalidArgument for anything else that is no sound frame.
[[nodiscard]] absl::StatusOr<std::pair<Envelope, Message>> decode_frame(
    std::shared_ptr<const void> owner, std::span<const std::byte> frame, const Limits& limits);

// Appends the record, without length or checksum: those are the journal's.
void encode_record(const Record& record, ByteWriter& out);
// Reads one record and leaves what comes after it; nothing, and `in` failed, where there is none.
// Payloads are copied. No limit applies but that of what is left, since a record that was once
// acknowledged must be readable whatever the limits are today.
[[nodiscard]] std::optional<Record> decode_record(ByteReader& in);

}  // namespace synod
