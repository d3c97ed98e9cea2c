// The files of a journal in bytes. docs/formats/journal.md says the same in tables. Every header
// takes 64 bytes and ends in its own checksum, so that no field is believed before it is checked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <synod/bytes.hpp>
#include <synod/file_system.hpp>
#include <synod/types.hpp>

namespace synod::journal_format {

inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::size_t kHeaderBytes = 64;
// A segment's header, and behind it the header that says which file it was written to.
inline constexpr std::size_t kSegmentHeaderBytes = 2 * kHeaderBytes;
// Batches start at multiples of this, so that a search for headers need not look at every byte.
inline constexpr std::size_t kAlignment = 8;
inline constexpr std::size_t kMarkSlotBytes = 512;
inline constexpr std::size_t kMarkFileBytes = 2 * kMarkSlotBytes;
inline constexpr std::string_view kMarkName = "mark";
inline constexpr std::string_view kDamagedPrefix = "damaged-";
inline constexpr std::string_view kCopiedPrefix = "copied-";
inline constexpr std::string_view kTemporarySuffix = ".new";

// Whose file it is.
struct Owner {
  ClusterId cluster;
  NodeId node;
  friend bool operator==(const Owner&, const Owner&) = default;
};

struct SegmentHeader {
  Owner owner;
  Incarnation incarnation;
  std::uint64_t sequence = 0;
  // What it goes on from: its first batch is `first_batch`, behind the one whose checksum is
  // `chain`.
  std::uint64_t first_batch = 0;
  std::uint32_t chain = 0;
  // The file that it was written to: what lies in another one is a copy.
  FileIdentity file;
};

struct BatchHeader {
  bool checkpoint = false;
  std::uint64_t number = 0;
  // Where it belongs: a batch found anywhere else is a stranger.
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  Incarnation incarnation;
  RoundNum checkpoint_round;
  std::uint32_t body_bytes = 0;
  std::uint32_t body_checksum = 0;
  std::uint32_t chain = 0;     // The checksum of the batch before; 0 at the first of all.
  std::uint32_t checksum = 0;  // Of this header; writing fills it in.
};

// Batch `number` and everything before it is durable.
struct Mark {
  Owner owner;
  Incarnation incarnation;
  std::uint64_t number = 0;
  std::uint64_t segment = 0;
  std::uint32_t checksum = 0;  // The batch's.
};

struct SnapshotHeader {
  Owner owner;
  RoundNum round;
  std::uint64_t body_bytes = 0;
  std::uint32_t body_checksum = 0;
};

// What the first 64 bytes of a file or slot are.
enum class HeaderKind : std::uint8_t { kSound, kBad, kOtherVersion };

// Each writes 64 bytes to the start of `out`, which must hold them; for a segment 128.
void put(const SegmentHeader& header, std::span<std::byte> out);
// The second half of a segment's header alone.
void put(const FileIdentity& file, std::span<std::byte> out);
// As another version would write it; for tests.
void put_of_version(const SegmentHeader& header, std::uint32_t version, std::span<std::byte> out);
std::uint32_t put(const BatchHeader& header, std::span<std::byte> out);  // Gives its checksum.
void put(const Mark& mark, std::span<std::byte> out);
void put(const SnapshotHeader& header, std::span<std::byte> out);

[[nodiscard]] HeaderKind get(std::span<const std::byte> in, SegmentHeader& header);
[[nodiscard]] HeaderKind get(std::span<const std::byte> in, Mark& mark);
[[nodiscard]] HeaderKind get(std::span<const std::byte> in, SnapshotHeader& header);
[[nodiscard]] bool get(std::span<const std::byte> in, BatchHeader& header);
// Whose file it is, where it begins with any sound header that says so.
[[nodiscard]] std::optional<Owner> owner_of(std::span<const std::byte> content);

inline constexpr std::uint32_t kBatchMagic = 0x424e5953;  // "SYNB"
// Cheap, because a search asks this of every eighth byte: false where no header of a batch is.
[[nodiscard]] inline bool may_be_batch(std::span<const std::byte> in) {
  if (in.size() < kHeaderBytes) return false;
  std::uint32_t magic = 0;
  for (std::size_t i = 0; i < sizeof(magic); ++i) {
    magic |= std::to_integer<std::uint32_t>(in[i]) << (8 * i);
  }
  return magic == kBatchMagic;
}

[[nodiscard]] std::string segment_name(std::uint64_t sequence);
[[nodiscard]] std::string snapshot_name(RoundNum round);
// What the names of a copy begin with that a start has set aside. It belongs to the memory, so that
// a copy which is set aside in two goes has one prefix.
[[nodiscard]] std::string copied_prefix(Incarnation incarnation);
// The number in such a name; nothing for any other name.
[[nodiscard]] std::optional<std::uint64_t> segment_sequence(std::string_view name);
[[nodiscard]] std::optional<RoundNum> snapshot_round(std::string_view name);

[[nodiscard]] constexpr std::uint64_t aligned(std::uint64_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}
[[nodiscard]] bool all_zero(std::span<const std::byte> bytes);
[[nodiscard]] std::string describe(const Owner& owner);
[[nodiscard]] std::string describe(const FileIdentity& file);

}  // namespace synod::journal_format
