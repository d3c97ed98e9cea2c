// The journal on the real disk against a bare loop of write and fdatasync, on the same file system
// and in turns: a batch of acceptances of 256 bytes is one write and one sync on both sides.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <synod/journal.hpp>
#include <synod/posix_file_system.hpp>
#include <synod/wire.hpp>

#include "ratio_timer.hpp"

namespace synod::bench {
namespace {

constexpr std::size_t kPayloadBytes = 256;
constexpr std::size_t kFileBytes = 16u << 20;

void require(bool condition, const char* what) {
  if (!condition) {
    std::perror(what);
    std::exit(1);
  }
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / "synod-journal-bench-XXXXXX";
    require(mkdtemp(pattern.data()) != nullptr, pattern.c_str());
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Completions of the disk's thread, run on this one.
class Completions {
 public:
  void post(absl::AnyInvocable<void()> work) {
    {
      const std::lock_guard guard(mutex_);
      waiting_.push_back(std::move(work));
    }
    wake_.notify_one();
  }
  void run_until(const bool& condition) {
    while (!condition) {
      std::vector<absl::AnyInvocable<void()>> taken;
      {
        std::unique_lock guard(mutex_);
        wake_.wait(guard, [this] { return !waiting_.empty(); });
        taken.swap(waiting_);
      }
      for (auto& work : taken) work();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<absl::AnyInvocable<void()>> waiting_;
};

// A journal on the real disk, used as a node does: one write at a time.
class RealJournal {
 public:
  explicit RealJournal(const std::string& directory)
      : files_(directory, [this](auto work) { completions_.post(std::move(work)); }),
        journal_(files_, {.cluster = ClusterId(1), .node = NodeId(1)}) {
    bool loaded = false;
    journal_.load([&loaded](const absl::StatusOr<Loaded>& result) {
      require(result.ok(), "load");
      loaded = true;
    });
    completions_.run_until(loaded);
    write({{IdentityRecord{Incarnation(101)}}, false, {}});
  }

  void write(const WriteBatch& batch) {
    bool written = false;
    const WriteStart start = journal_.write(batch, [&written](const absl::Status& status) {
      require(status.ok(), "write");
      written = true;
    });
    if (start == WriteStart::kPending) completions_.run_until(written);
  }

 private:
  Completions completions_;
  PosixFileSystem files_;
  Journal journal_;
};

// One after the other, round and round in a file whose blocks are all there.
class BareFile {
 public:
  BareFile(const std::string& path, bool written_before)
      : file_(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
    require(file_ >= 0, path.c_str());
    const std::vector<char> zeros(kFileBytes);
    if (written_before) {
      require(pwrite(file_, zeros.data(), zeros.size(), 0) > 0, "write");
    } else {
      require(posix_fallocate(file_, 0, static_cast<off_t>(kFileBytes)) == 0, "reserve");
    }
    require(fsync(file_) == 0, "fsync");
  }
  ~BareFile() { close(file_); }
  BareFile(const BareFile&) = delete;
  BareFile& operator=(const BareFile&) = delete;

  void write(const Bytes& bytes) {
    if (at_ + bytes.size() > kFileBytes) at_ = 0;
    require(pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(at_)) > 0, "write");
    require(fdatasync(file_) == 0, "fdatasync");
    at_ += bytes.size();
  }

 private:
  int file_;
  std::size_t at_ = 0;
};

WriteBatch batch_of(std::int64_t records) {
  WriteBatch batch;
  for (std::int64_t i = 0; i < records; ++i) {
    PlacedEntry placed{RoundNum(1'000'000 + i), {1, NodeId(1), Incarnation(101)}, {}};
    placed.entry.id = {0x1234567890abcdef, static_cast<std::uint64_t>(i)};
    placed.entry.kind = EntryKind::kState;
    placed.entry.payload = Payload::copy_of(std::string(kPayloadBytes, 'x'));
    batch.records.push_back(AcceptedRecord{std::move(placed)});
  }
  return batch;
}

Bytes bytes_of(const WriteBatch& batch) {
  Bytes bytes;
  ByteWriter out(bytes);
  for (const Record& record : batch.records) encode_record(record, out);
  return bytes;
}

void compare(benchmark::State& state, bool written_before) {
  const TemporaryDirectory directory;
  RealJournal journal(directory.path() + "/journal");
  BareFile bare(directory.path() + "/bare", written_before);
  const WriteBatch batch = batch_of(state.range(0));
  const Bytes bytes = bytes_of(batch);
  {
    RatioTimer timer(state);
    for (auto _ : state) {
      timer.once([&] { journal.write(batch); }, [&] { bare.write(bytes); });
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

// Against a file that was written before, the cheapest sync that there is.
void append_and_sync(benchmark::State& state) { compare(state, true); }
// Against a file whose space is reserved as the journal's is.
void append_and_sync_reserved(benchmark::State& state) { compare(state, false); }

BENCHMARK(append_and_sync)->Arg(1)->Arg(16)->Arg(64)->Arg(512)->Arg(4096)->UseManualTime();
BENCHMARK(append_and_sync_reserved)->Arg(1)->Arg(64)->Arg(512)->UseManualTime();

}  // namespace
}  // namespace synod::bench

BENCHMARK_MAIN();
