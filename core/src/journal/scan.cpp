#include "journal/scan.hpp"

#include <synod/checksum.hpp>
#include <synod/probe.hpp>
#include <synod/wire.hpp>
#include "base/mutants.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace synod::journal_format {
namespace {

// Whether a sound header may be read on; otherwise why not, for a person.
absl::Status check_owner(std::string_view file, HeaderKind kind, const Owner& found,
                         const Owner& owner) {
  if (kind == HeaderKind::kOtherVersion) {
    return absl::FailedPreconditionError(std::string(file) + " is of a format version other than " +
                                         std::to_string(kVersion));
  }
  if (found == owner) return absl::OkStatus();
  return absl::FailedPreconditionError(std::string(file) + " belongs to " + describe(found) +
                                       ", not to " + describe(owner));
}

bool decode(std::span<const std::byte> body, std::vector<Record>& records) {
  ByteReader reader(body);
  while (reader.left() > 0) {
    std::optional<Record> record = decode_record(reader);
    if (!record.has_value()) return false;
    records.push_back(std::move(*record));
  }
  return true;
}

}  // namespace

void Scan::problem(std::uint64_t sequence, std::uint64_t offset, std::string what) {
  problems_.push_back({segment_name(sequence), offset, std::move(what)});
}

void Scan::add_mark(std::span<const std::byte> content) {
  for (std::size_t slot = 0; slot < 2; ++slot) {
    const std::size_t at = slot * kMarkSlotBytes;
    if (content.size() < at + kMarkSlotBytes) return;
    Mark mark;
    const HeaderKind kind = get(content.subspan(at), mark);
    if (kind == HeaderKind::kBad) {
      if (!all_zero(content.subspan(at, kMarkSlotBytes))) {
        problems_.push_back({std::string(kMarkName), at, "a bad slot"});
      }
      continue;
    }
    status_.Update(check_owner(kMarkName, kind, mark.owner, owner_));
    if (!status_.ok()) continue;
    // Of two that name one batch, the later is that of the start which wrote it again.
    const bool is_newer =
        mark.number > mark_.number || (mark.number == mark_.number && mark.segment > mark_.segment);
    if (!is_newer) continue;
    mark_ = mark;
    mark_slot_ = slot;
  }
  // The file is made only once the first batch is synced.
  synced_ = std::max<std::uint64_t>(synced_, 1);
  prove(mark_.number, mark_.checksum);
}

void Scan::prove(std::uint64_t number, std::uint32_t checksum) {
  if (number == 0) return;
  synced_ = std::max(synced_, number);
  proofs_.push_back({number, checksum});
}

// What lies before the chain's start was replaced by its checkpoint.
bool Scan::holds(const Proof& proof) const {
  const std::uint64_t base = batches_.empty() ? 1 : batches_.front().header.number;
  if (proof.number < base) return true;
  if (proof.number > last()) return false;
  return batches_[proof.number - base].header.checksum == proof.checksum ||
         std::ranges::find(written_again_, proof) != written_again_.end();
}

// A start writes its last batch again where no mark that it could read named it. What was proven of
// the first writing holds for the second, if that says the same.
void Scan::compare_writings(const BatchHeader& again) {
  if (batches_.empty() || again.number < batches_.front().header.number) return;
  if (again.number > last()) return;
  const BatchHeader& before = batches_[again.number - batches_.front().header.number].header;
  const bool same = before.checkpoint == again.checkpoint && before.chain == again.chain &&
                    before.body_bytes == again.body_bytes &&
                    before.body_checksum == again.body_checksum;
  const std::uint64_t gone_from = same ? again.number + 1 : again.number;
  std::erase_if(written_again_, [&](const Proof& proof) { return proof.number >= gone_from; });
  if (same) written_again_.push_back({before.number, before.checksum});
}

bool Scan::last_is_proven() const {
  const Proof wanted{last(), batches_.back().header.checksum};
  return std::ranges::find(proofs_, wanted) != proofs_.end();
}

bool Scan::damaged() const {
  if (SYNOD_MUTANT("torn-tail-in-the-middle") && !empty()) return false;
  if (last() < synced_) return true;
  if (mark_.number > 0 && mark_.incarnation != incarnation_) return true;
  return !std::ranges::all_of(proofs_, [this](const Proof& proof) { return holds(proof); });
}

std::map<std::string, FileIdentity> Scan::files() const {
  std::map<std::string, FileIdentity> files;
  std::uint64_t last = 0;
  for (const ScannedBatch& batch : batches_) {
    if (std::exchange(last, batch.header.segment) == batch.header.segment) continue;
    files[segment_name(last)] = files_.at(last);
  }
  return files;
}

RoundNum Scan::checkpoint_round() const {
  return batches_.empty() ? RoundNum(0) : batches_.front().header.checkpoint_round;
}

// Reads one batch, of whatever chain, without believing anything unchecked. Empty, or what is
// wrong.
std::string Scan::read_batch(std::span<const std::byte> content, std::uint64_t offset,
                             const SegmentHeader& segment, BatchHeader& header,
                             std::vector<Record>& records) {
  if (!get(content.subspan(offset), header)) return "no sound batch header";
  if (header.segment != segment.sequence || header.offset != offset ||
      header.incarnation != segment.incarnation) {
    return "a batch that belongs elsewhere";
  }
  const std::span<const std::byte> rest = content.subspan(offset + kHeaderBytes);
  if (header.body_bytes > rest.size()) return "a batch longer than its segment";
  const std::span<const std::byte> body = rest.first(header.body_bytes);
  if (crc32c(body) != header.body_checksum) return "a batch body whose checksum does not hold";
  const std::size_t padding = aligned(body.size()) - body.size();
  if (!all_zero(rest.subspan(body.size(), std::min(padding, rest.size() - body.size())))) {
    return "something in the padding of a batch";
  }
  if (!decode(body, records)) {
    status_.Update(absl::FailedPreconditionError(
        segment_name(segment.sequence) + ", offset " + std::to_string(offset) +
        ": a sound batch holds a record that this version cannot read"));
    return "a record that this version cannot read";
  }
  return {};
}

// Places a segment, whose first batch is sound, in the chain. Empty, or why it has no place there.
std::string Scan::begin(const SegmentHeader& segment, const BatchHeader& first,
                        const std::vector<Record>& records) {
  if (first.number != segment.first_batch || first.chain != segment.chain) {
    return "a first batch that its segment does not name";
  }
  if (!batches_.empty() && segment.incarnation != incarnation_)
    return "a segment of another memory";
  const bool founding = first.number == 1 && first.chain == 0;
  if (first.checkpoint || founding) {
    if (!batches_.empty()) SYNOD_MARK("journal.checkpoint-overrules-what-is-before");
    const auto* identity =
        records.empty() ? nullptr : std::get_if<IdentityRecord>(&records.front());
    if (identity == nullptr || identity->incarnation != segment.incarnation) {
      return "a start without the identity of its segment";
    }
    compare_writings(first);
    batches_.clear();
    records_.clear();
    incarnation_ = segment.incarnation;
    return {};
  }
  if (batches_.empty()) return "a segment that goes on from nothing";
  const std::uint64_t base = batches_.front().header.number;
  if (first.number <= base || first.number > last() + 1) return "a gap before the segment";
  const std::size_t keep = first.number - base;
  if (batches_[keep - 1].header.checksum != first.chain) return "a segment of another chain";
  if (keep < batches_.size()) SYNOD_MARK("journal.start-overrules-a-batch");
  compare_writings(first);
  batches_.resize(keep);
  records_.resize(batches_.back().records_end);
  return {};
}

void Scan::take(const BatchHeader& header, std::span<Record> records) {
  ScannedBatch batch;
  batch.header = header;
  batch.end = header.offset + aligned(kHeaderBytes + header.body_bytes);
  batch.records_begin = records_.size();
  std::move(records.begin(), records.end(), std::back_inserter(records_));
  batch.records_end = records_.size();
  batches_.push_back(batch);
}

// Takes every batch that follows the last one. Gives the offset of the first that does not, having
// told what is wrong with it unless there are only zeros.
std::uint64_t Scan::take_following(const SegmentHeader& segment,
                                   std::span<const std::byte> content) {
  std::vector<Record> records;  // Of one batch after the other.
  while (true) {
    const std::uint64_t offset = std::min<std::uint64_t>(batches_.back().end, content.size());
    clean_end_ = all_zero(content.subspan(offset));
    if (clean_end_) return content.size();
    BatchHeader header;
    records.clear();
    std::string wrong = read_batch(content, offset, segment, header, records);
    const BatchHeader& before = batches_.back().header;
    if (wrong.empty() && (header.number != before.number + 1 || header.chain != before.checksum)) {
      wrong = "a batch that does not follow the one before";
    }
    if (!wrong.empty()) {
      problem(segment.sequence, offset, std::move(wrong));
      return offset;
    }
    take(header, records);
  }
}

void Scan::add_segment(std::uint64_t sequence, std::span<const std::byte> content) {
  if (all_zero(content)) return;  // Prepared, and never used.
  SegmentHeader segment;
  const HeaderKind kind = get(content, segment);
  if (kind == HeaderKind::kBad || (kind == HeaderKind::kSound && segment.sequence != sequence)) {
    problem(sequence, 0,
            kind == HeaderKind::kBad ? "no sound segment header" : "a misnamed segment");
    return search(sequence, content, kSegmentHeaderBytes);
  }
  status_.Update(check_owner(segment_name(sequence), kind, segment.owner, owner_));
  if (!status_.ok()) return;
  if (segment.first_batch > 0) prove(segment.first_batch - 1, segment.chain);

  BatchHeader first;
  std::vector<Record> records;
  std::string wrong = read_batch(content, kSegmentHeaderBytes, segment, first, records);
  if (wrong.empty()) wrong = begin(segment, first, records);
  if (!wrong.empty()) {
    problem(sequence, kSegmentHeaderBytes, std::move(wrong));
    return search(sequence, content, kSegmentHeaderBytes);
  }
  files_[sequence] = segment.file;
  take(first, records);
  const std::uint64_t end = take_following(segment, content);
  search(sequence, content, end);
}

// Looks for headers of batches behind something bad: each proves that the one before was synced.
// A payload that holds a copy of journal bytes does not count, since it lies at another offset.
void Scan::search(std::uint64_t sequence, std::span<const std::byte> content, std::uint64_t from) {
  for (std::uint64_t at = aligned(from); at + kHeaderBytes <= content.size(); at += kAlignment) {
    const std::span<const std::byte> here = content.subspan(at);
    if (!may_be_batch(here)) continue;
    BatchHeader header;
    if (!get(here, header)) continue;
    if (header.segment != sequence || header.offset != at || header.number == 0) continue;
    if (!batches_.empty() && header.incarnation != incarnation_) continue;
    prove(header.number - 1, header.chain);
  }
}

absl::StatusOr<SnapshotPtr> read_snapshot(const Owner& owner, RoundNum round, Bytes content) {
  const std::string name = snapshot_name(round);
  SnapshotHeader header;
  const HeaderKind kind = get(content, header);
  if (kind == HeaderKind::kBad) return absl::DataLossError(name + ": no sound header");
  if (absl::Status status = check_owner(name, kind, header.owner, owner); !status.ok()) {
    return status;
  }
  if (header.round != round || content.size() - kHeaderBytes != header.body_bytes) {
    return absl::DataLossError(name + ": not what its header says");
  }
  const auto body = std::span<const std::byte>(content).subspan(kHeaderBytes);
  if (crc32c(body) != header.body_checksum) {
    return absl::DataLossError(name + ": the checksum does not hold");
  }
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->round = round;
  content.erase(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(kHeaderBytes));
  snapshot->bytes = std::move(content);
  return snapshot;
}

}  // namespace synod::journal_format
