#include "journal/format.hpp"

#include <synod/check.hpp>
#include <synod/checksum.hpp>

#include <algorithm>
#include <cstring>

namespace synod::journal_format {
namespace {

constexpr std::string_view kSegmentMagic = "SYNODSEG";
constexpr std::string_view kFileMagic = "SYNODFIL";
constexpr std::string_view kMarkMagic = "SYNODMRK";
constexpr std::string_view kSnapshotMagic = "SYNODSNP";
constexpr std::uint32_t kCheckpointFlag = 1;
constexpr std::size_t kChecked = kHeaderBytes - sizeof(std::uint32_t);
constexpr std::string_view kSegmentPrefix = "segment-";
constexpr std::string_view kSnapshotPrefix = "snapshot-";
constexpr std::string_view kDigits = "0123456789abcdef";

// Fills 64 bytes in order, and the last four with the checksum of the others.
class HeaderWriter {
 public:
  explicit HeaderWriter(std::span<std::byte> out) : out_(out) {
    SYNOD_CHECK(out.size() >= kHeaderBytes, "a header needs 64 bytes");
  }
  template <class Integer>
  void number(Integer value) {
    for (std::size_t i = 0; i < sizeof(value); ++i) {
      out_[at_++] = static_cast<std::byte>(value >> (8 * i));
    }
  }
  void magic(std::string_view text, std::uint32_t version = kVersion) {
    for (const char each : text) out_[at_++] = static_cast<std::byte>(each);
    number(version);
    number(std::uint32_t{0});
  }
  void owner(const Owner& owner) {
    number(owner.cluster.value());
    number(owner.node.value());
  }
  std::uint32_t finish() {
    SYNOD_CHECK(at_ == kChecked, "a header takes 64 bytes");
    const std::uint32_t sum = crc32c(out_.first(kChecked));
    number(sum);
    return sum;
  }

 private:
  std::span<std::byte> out_;
  std::size_t at_ = 0;
};

bool sum_holds(std::span<const std::byte> in) {
  if (in.size() < kHeaderBytes) return false;
  ByteReader sum(in.subspan(kChecked, sizeof(std::uint32_t)));
  return sum.u32() == crc32c(in.first(kChecked));
}

// Reads what HeaderWriter::magic() wrote.
HeaderKind get_magic(std::span<const std::byte> in, std::string_view magic, ByteReader& reader) {
  if (!sum_holds(in)) return HeaderKind::kBad;
  const std::span<const std::byte> found = reader.raw(magic.size());
  if (!std::ranges::equal(found, std::as_bytes(std::span(magic)))) return HeaderKind::kBad;
  const std::uint32_t version = reader.u32();
  (void)reader.u32();
  return version == kVersion ? HeaderKind::kSound : HeaderKind::kOtherVersion;
}

Owner get_owner(ByteReader& in) {
  Owner owner;
  owner.cluster = ClusterId(in.u64());
  owner.node = NodeId(in.u64());
  return owner;
}

std::string numbered(std::string_view prefix, std::uint64_t number) {
  std::string name;
  name.reserve(prefix.size() + 16);
  name += prefix;
  for (int shift = 60; shift >= 0; shift -= 4) name += kDigits[(number >> shift) & 15];
  return name;
}

std::optional<std::uint64_t> number_in(std::string_view prefix, std::string_view name) {
  if (name.size() != prefix.size() + 16 || !name.starts_with(prefix)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char digit : name.substr(prefix.size())) {
    // One name for each number: no upper case.
    const std::size_t value = kDigits.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    number = number << 4 | value;
  }
  return number;
}

}  // namespace

void put(const SegmentHeader& header, std::span<std::byte> out) {
  put_of_version(header, kVersion, out);
}

void put_of_version(const SegmentHeader& header, std::uint32_t version, std::span<std::byte> out) {
  HeaderWriter writer(out);
  writer.magic(kSegmentMagic, version);
  writer.owner(header.owner);
  writer.number(header.incarnation.value());
  writer.number(header.sequence);
  writer.number(header.first_batch);
  writer.number(header.chain);
  writer.finish();
  put(header.file, out.subspan(kHeaderBytes));
}

void put(const FileIdentity& file, std::span<std::byte> out) {
  HeaderWriter writer(out);
  writer.magic(kFileMagic);
  writer.number(file.number);
  writer.number(file.born);
  for (int i = 0; i < 7; ++i) writer.number(std::uint32_t{0});
  writer.finish();
}

HeaderKind get(std::span<const std::byte> in, SegmentHeader& header) {
  ByteReader reader(in);
  const HeaderKind kind = get_magic(in, kSegmentMagic, reader);
  if (kind != HeaderKind::kSound) return kind;
  const std::span<const std::byte> second = in.subspan(kHeaderBytes);
  ByteReader file(second);
  if (get_magic(second, kFileMagic, file) != HeaderKind::kSound) return HeaderKind::kBad;
  header.file.number = file.u64();
  header.file.born = file.u64();
  header.owner = get_owner(reader);
  header.incarnation = Incarnation(reader.u64());
  header.sequence = reader.u64();
  header.first_batch = reader.u64();
  header.chain = reader.u32();
  return kind;
}

std::uint32_t put(const BatchHeader& header, std::span<std::byte> out) {
  HeaderWriter writer(out);
  writer.number(kBatchMagic);
  writer.number(header.checkpoint ? kCheckpointFlag : std::uint32_t{0});
  writer.number(header.number);
  writer.number(header.segment);
  writer.number(header.offset);
  writer.number(header.incarnation.value());
  writer.number(header.checkpoint_round.value());
  writer.number(header.body_bytes);
  writer.number(header.body_checksum);
  writer.number(header.chain);
  return writer.finish();
}

bool get(std::span<const std::byte> in, BatchHeader& header) {
  if (!may_be_batch(in) || !sum_holds(in)) return false;
  ByteReader reader(in.subspan(sizeof(kBatchMagic)));
  header.checkpoint = (reader.u32() & kCheckpointFlag) != 0;
  header.number = reader.u64();
  header.segment = reader.u64();
  header.offset = reader.u64();
  header.incarnation = Incarnation(reader.u64());
  header.checkpoint_round = RoundNum(reader.u64());
  header.body_bytes = reader.u32();
  header.body_checksum = reader.u32();
  header.chain = reader.u32();
  header.checksum = reader.u32();
  return true;
}

void put(const Mark& mark, std::span<std::byte> out) {
  HeaderWriter writer(out);
  writer.magic(kMarkMagic);
  writer.owner(mark.owner);
  writer.number(mark.incarnation.value());
  writer.number(mark.number);
  writer.number(mark.segment);
  writer.number(mark.checksum);
  writer.finish();
}

HeaderKind get(std::span<const std::byte> in, Mark& mark) {
  ByteReader reader(in);
  const HeaderKind kind = get_magic(in, kMarkMagic, reader);
  if (kind != HeaderKind::kSound) return kind;
  mark.owner = get_owner(reader);
  mark.incarnation = Incarnation(reader.u64());
  mark.number = reader.u64();
  mark.segment = reader.u64();
  mark.checksum = reader.u32();
  return kind;
}

void put(const SnapshotHeader& header, std::span<std::byte> out) {
  HeaderWriter writer(out);
  writer.magic(kSnapshotMagic);
  writer.owner(header.owner);
  writer.number(header.round.value());
  writer.number(header.body_bytes);
  writer.number(std::uint64_t{0});
  writer.number(header.body_checksum);
  writer.finish();
}

HeaderKind get(std::span<const std::byte> in, SnapshotHeader& header) {
  ByteReader reader(in);
  const HeaderKind kind = get_magic(in, kSnapshotMagic, reader);
  if (kind != HeaderKind::kSound) return kind;
  header.owner = get_owner(reader);
  header.round = RoundNum(reader.u64());
  header.body_bytes = reader.u64();
  (void)reader.u64();
  header.body_checksum = reader.u32();
  return kind;
}

std::optional<Owner> owner_of(std::span<const std::byte> content) {
  SegmentHeader segment;
  Mark mark;
  SnapshotHeader snapshot;
  if (get(content, segment) == HeaderKind::kSound) return segment.owner;
  if (get(content, mark) == HeaderKind::kSound) return mark.owner;
  if (get(content, snapshot) == HeaderKind::kSound) return snapshot.owner;
  return std::nullopt;
}

std::string segment_name(std::uint64_t sequence) { return numbered(kSegmentPrefix, sequence); }
std::string snapshot_name(RoundNum round) { return numbered(kSnapshotPrefix, round.value()); }

std::string copied_prefix(Incarnation incarnation) {
  return numbered(kCopiedPrefix, incarnation.value()) + "-";
}

std::optional<std::uint64_t> segment_sequence(std::string_view name) {
  return number_in(kSegmentPrefix, name);
}

std::optional<RoundNum> snapshot_round(std::string_view name) {
  const auto number = number_in(kSnapshotPrefix, name);
  if (!number.has_value()) return std::nullopt;
  return RoundNum(*number);
}

bool all_zero(std::span<const std::byte> bytes) {
  // A segment's tail is compared with itself, one byte further on: as fast as memory is.
  return bytes.empty() || (bytes.front() == std::byte{0} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

std::string describe(const FileIdentity& file) {
  if (file == FileIdentity{}) return "unknown";
  const std::string number = file.number == 0 ? "" : "inode " + std::to_string(file.number) + ", ";
  const std::string nanoseconds = std::to_string(1'000'000'000 + file.born % 1'000'000'000);
  return number + "born " + std::to_string(file.born / 1'000'000'000) + "." + nanoseconds.substr(1);
}

std::string describe(const Owner& owner) {
  return "cluster " + std::to_string(owner.cluster.value()) + ", node " + to_string(owner.node);
}

}  // namespace synod::journal_format
