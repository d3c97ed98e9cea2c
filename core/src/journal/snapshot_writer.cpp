#include "journal/snapshot_writer.hpp"

#include <synod/checksum.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include "journal/steps.hpp"

namespace synod::journal_format {
namespace {

// Small enough for a batch not to wait long behind one piece and its sync.
constexpr std::size_t kPieceBytes = 2u << 20;

}  // namespace

void save_snapshot(FileSystem& files, const Owner& owner, SnapshotPtr snapshot,
                   FileSystem::Done done) {
  SnapshotHeader header;
  header.owner = owner;
  header.round = snapshot->round;
  header.body_bytes = snapshot->bytes.size();
  header.body_checksum = crc32c(snapshot->bytes);
  auto first = std::make_shared<Bytes>(kHeaderBytes);
  put(header, *first);

  const std::string name = snapshot_name(snapshot->round);
  const std::string temporary = name + std::string(kTemporarySuffix);
  std::vector<Step> steps;
  steps.push_back([&files, temporary, size = kHeaderBytes + snapshot->bytes.size()](auto next) {
    files.create(temporary, size, std::move(next));
  });
  steps.push_back([&files, temporary, first](auto next) {
    files.write(temporary, 0, *first, true, std::move(next));
  });
  const std::span<const std::byte> body(snapshot->bytes);
  for (std::size_t at = 0; at < body.size(); at += kPieceBytes) {
    const auto piece = body.subspan(at, std::min(kPieceBytes, body.size() - at));
    steps.push_back([&files, temporary, at, piece, snapshot](auto next) {
      files.write(temporary, kHeaderBytes + at, piece, true, std::move(next));
    });
  }
  steps.push_back([&files, temporary, name](auto next) {
    files.rename(temporary, name, std::move(next));
  });
  run_in_turn(std::move(steps), std::move(done));
}

}  // namespace synod::journal_format
