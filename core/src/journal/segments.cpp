#include "journal/segments.hpp"

#include <synod/check.hpp>
#include <synod/checksum.hpp>
#include <synod/probe.hpp>
#include <synod/wire.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace synod::journal_format {

absl::Status BatchBuffer::encode(std::span<const Record> records) {
  constexpr std::size_t kBodyAt = kSegmentHeaderBytes + kHeaderBytes;
  bytes_.assign(kBodyAt, std::byte{0});
  ByteWriter writer(bytes_);
  for (const Record& record : records) encode_record(record, writer);
  const std::size_t body = bytes_.size() - kBodyAt;
  if (body > std::numeric_limits<std::uint32_t>::max() - kBodyAt) {
    return absl::InvalidArgumentError("a batch of 4 GiB or more");
  }
  body_bytes_ = static_cast<std::uint32_t>(body);
  bytes_.resize(aligned(bytes_.size()));
  return absl::OkStatus();
}

BatchBuffer::Sealed BatchBuffer::seal_at(std::uint64_t offset, const Tail& before,
                                         const BatchKind& kind, Tail after) {
  const std::span<std::byte> bytes(bytes_);
  BatchHeader header;
  header.checkpoint = kind.checkpoint;
  header.checkpoint_round = kind.checkpoint_round;
  header.number = before.batch + 1;
  header.segment = after.segment;
  header.offset = offset;
  header.incarnation = before.incarnation;
  header.body_bytes = body_bytes_;
  header.body_checksum = crc32c(bytes.subspan(kSegmentHeaderBytes + kHeaderBytes, body_bytes_));
  header.chain = before.checksum;
  after.checksum = put(header, bytes.subspan(kSegmentHeaderBytes));
  after.batch = header.number;
  after.offset = offset + size();
  SYNOD_CHECK(after.offset <= after.segment_bytes, "a batch fits into its segment");
  return {bytes.subspan(kSegmentHeaderBytes), offset, after};
}

BatchBuffer::Sealed BatchBuffer::seal(const Tail& before, const BatchKind& kind) {
  return seal_at(before.offset, before, kind, before);
}

BatchBuffer::Sealed BatchBuffer::seal_first(const Owner& owner, const Tail& before,
                                            const BatchKind& kind, const FreshSegment& fresh) {
  Tail after = before;
  after.segment = fresh.sequence;
  after.segment_bytes = fresh.bytes;
  Sealed sealed = seal_at(kSegmentHeaderBytes, before, kind, after);
  SegmentHeader header;
  header.owner = owner;
  header.incarnation = before.incarnation;
  header.sequence = fresh.sequence;
  header.first_batch = before.batch + 1;
  header.chain = before.checksum;
  header.file = fresh.file;
  put(header, bytes_);
  sealed.bytes = bytes_;
  sealed.offset = 0;
  return sealed;
}

std::uint64_t Segments::size() const {
  std::uint64_t size = 0;
  for (const auto& [name, bytes] : sizes_) size += bytes;
  return size;
}

void Segments::create(std::uint64_t sequence, std::uint64_t bytes, Reserved done) {
  files_->create(segment_name(sequence), bytes,
                 [weak = weak_from_this(), sequence, bytes,
                  done = std::move(done)](const absl::Status& status) mutable {
                   const auto self = weak.lock();
                   if (self == nullptr) return;
                   if (!status.ok()) return done(status);
                   self->add_file(segment_name(sequence), bytes);
                   self->identify({sequence, bytes}, std::move(done));
                 });
}

void Segments::identify(FreshSegment fresh, Reserved done) {
  files_->identify(segment_name(fresh.sequence),
                   [weak = weak_from_this(), fresh,
                    done = std::move(done)](const absl::StatusOr<FileIdentity>& file) mutable {
                     if (weak.expired()) return;
                     if (!file.ok()) return done(file.status());
                     fresh.file = *file;
                     done(fresh);
                   });
}

void Segments::prepare(std::uint64_t last) {
  if (prepared()) return;
  preparing_ = true;
  create(last + 1, segment_bytes_, [this](const absl::StatusOr<FreshSegment>& fresh) {
    preparing_ = false;
    if (fresh.ok()) prepared_ = *fresh;
    if (waiting_) std::exchange(waiting_, nullptr)();
  });
}

void Segments::reserve(std::uint64_t last, std::uint64_t bytes, Reserved done) {
  if (preparing_) {
    SYNOD_MARK("journal.segment-is-still-being-prepared");
    waiting_ = [this, last, bytes, done = std::move(done)]() mutable {
      reserve(last, bytes, std::move(done));
    };
    return;
  }
  const FreshSegment prepared = std::exchange(prepared_, FreshSegment{});
  const std::uint64_t size = std::max(bytes, segment_bytes_);
  if (prepared.sequence == 0) SYNOD_MARK("journal.no-segment-was-prepared");
  reserving_ = true;
  done = [this, done = std::move(done)](absl::StatusOr<FreshSegment> fresh) mutable {
    reserving_ = false;
    done(std::move(fresh));
  };
  if (prepared.sequence == 0) return create(last + 1, size, std::move(done));
  SYNOD_CHECK(prepared.sequence == last + 1, "segments are prepared in order");
  if (prepared.bytes >= bytes) return done(prepared);
  const std::string name = segment_name(prepared.sequence);
  files_->remove(name, [weak = weak_from_this(), name, last, size,
                        done = std::move(done)](const absl::Status& status) mutable {
    const auto self = weak.lock();
    if (self == nullptr) return;
    if (!status.ok()) return done(status);
    self->remove_file(name);
    self->create(last + 1, size, std::move(done));
  });
}

}  // namespace synod::journal_format
