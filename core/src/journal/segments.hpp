// Where the journal writes: its last segment, the one prepared to come after it, and the bytes of a
// batch on their way there.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <synod/file_system.hpp>
#include <synod/record.hpp>

#include "journal/format.hpp"

namespace synod::journal_format {

// The end of the chain. Segment 0 is none: the next batch needs a new one.
struct Tail {
  Incarnation incarnation;
  std::uint64_t batch = 0;     // The last one's number.
  std::uint32_t checksum = 0;  // The last one's.
  std::uint64_t segment = 0;
  std::uint64_t segment_bytes = 0;
  std::uint64_t offset = 0;  // In the segment, of the next batch.
};

struct BatchKind {
  bool checkpoint = false;
  RoundNum checkpoint_round;
};

// A file that is ready to be written from its start.
struct FreshSegment {
  std::uint64_t sequence = 0;
  std::uint64_t bytes = 0;
  FileIdentity file = {};
};

// One batch as it will lie on the disk, behind room for the header of a segment that it may start.
class BatchBuffer {
 public:
  // What to write, where, and the tail once it is durable.
  struct Sealed {
    std::span<const std::byte> bytes;
    std::uint64_t offset = 0;
    Tail after;
  };

  // InvalidArgument where the records take 4 GiB or more.
  absl::Status encode(std::span<const Record> records);
  // What the batch takes in a segment, without the segment's header.
  [[nodiscard]] std::uint64_t size() const { return bytes_.size() - kSegmentHeaderBytes; }
  // Both only after encode(). The bytes belong to the buffer.
  Sealed seal(const Tail& before, const BatchKind& kind);
  Sealed seal_first(const Owner& owner, const Tail& before, const BatchKind& kind,
                    const FreshSegment& fresh);

 private:
  Sealed seal_at(std::uint64_t offset, const Tail& before, const BatchKind& kind, Tail after);

  Bytes bytes_;
  std::uint32_t body_bytes_ = 0;
};

// The files of one journal and their sizes, and the segment that was reserved ahead of its use.
class Segments : public std::enable_shared_from_this<Segments> {
 public:
  using Reserved = absl::AnyInvocable<void(absl::StatusOr<FreshSegment>)>;

  Segments(FileSystem& files, std::uint64_t segment_bytes)
      : files_(&files), segment_bytes_(segment_bytes) {}

  // A new segment behind `last`, of at least `bytes`; the prepared one if it will do. At most one
  // at a time; may answer inside the call. ResourceExhausted: no space, and nothing changed.
  void reserve(std::uint64_t last, std::uint64_t bytes, Reserved done);
  // Reserves the one behind `last` ahead of time; trouble shows when it is needed.
  void prepare(std::uint64_t last);
  // Whether the next segment is there, or on its way.
  [[nodiscard]] bool prepared() const {
    return prepared_.sequence != 0 || preparing_ || reserving_;
  }

  void add_file(const std::string& name, std::uint64_t bytes) { sizes_[name] = bytes; }
  void remove_file(const std::string& name) { sizes_.erase(name); }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& files() const { return sizes_; }
  [[nodiscard]] std::uint64_t size() const;

 private:
  void create(std::uint64_t sequence, std::uint64_t bytes, Reserved done);
  // Ends with the file that was made, which the header will name.
  void identify(FreshSegment fresh, Reserved done);

  FileSystem* files_;
  std::uint64_t segment_bytes_;
  std::map<std::string, std::uint64_t> sizes_;
  FreshSegment prepared_;
  bool preparing_ = false;
  bool reserving_ = false;  // reserve() creates one itself.
  // A reserve() that waits for prepare() to end.
  absl::AnyInvocable<void()> waiting_;
};

}  // namespace synod::journal_format
