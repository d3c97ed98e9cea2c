#include <synod/memory_storage.hpp>

#include <utility>

namespace synod {

void MemoryStorage::load(LoadDone done) {
  runtime_.post([done = std::move(done)]() mutable { done(Loaded{}); });
}

WriteStart MemoryStorage::write(const WriteBatch& /*batch*/, WriteDone /*done*/) {
  return WriteStart::kWritten;
}

void MemoryStorage::save(SnapshotPtr /*snapshot*/, WriteDone done) {
  runtime_.post([done = std::move(done)]() mutable { done(absl::OkStatus()); });
}

}  // namespace synod
