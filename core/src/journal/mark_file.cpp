#include "journal/mark_file.hpp"

#include <utility>

namespace synod::journal_format {

void MarkFile::write(const Mark& mark, FileSystem::Done done) {
  auto bytes = std::make_shared<Bytes>(kMarkSlotBytes);
  put(mark, *bytes);
  slot_ = 1 - slot_;
  const std::uint64_t offset = slot_ * kMarkSlotBytes;
  auto write = [files = files_, bytes, offset, done = std::move(done)](absl::Status made) mutable {
    if (absl::IsResourceExhausted(made)) return done(absl::OkStatus());
    if (!made.ok()) return done(made);
    const std::span<const std::byte> content(*bytes);
    files->write(std::string(kMarkName), offset, content, true,
                 [bytes, done = std::move(done)](absl::Status status) mutable {
                   done(std::move(status));
                 });
  };
  if (*exists_) return write(absl::OkStatus());
  files_->create(std::string(kMarkName), kMarkFileBytes,
                 [exists = exists_, write = std::move(write)](absl::Status made) mutable {
                   *exists = made.ok();
                   write(std::move(made));
                 });
}

}  // namespace synod::journal_format
