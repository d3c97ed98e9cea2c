#include <synod/testing/storage_contract.hpp>

#include <optional>

#include <synod/memory_storage.hpp>

#include "unit/journal/posix_support.hpp"
#include "unit/journal/support.hpp"

namespace synod::testing {
namespace {

class LoopRuntime final : public Runtime {
 public:
  Timestamp now() override { return Timestamp(); }
  void post(absl::AnyInvocable<void()> work) override { loop.post(std::move(work)); }
  void wake_at(Timestamp /*deadline*/) override {}
  void on_wake(absl::AnyInvocable<void()> /*waker*/) override {}
  Loop loop;
};

class MemoryUnderTest final : public StorageUnderTest {
 public:
  Storage& storage() override { return *storage_; }
  void run_until(absl::FunctionRef<bool()> done) override {
    while (!done() && runtime_.loop.step()) {
    }
  }
  void reopen() override { storage_.emplace(runtime_); }

 private:
  LoopRuntime runtime_;
  std::optional<MemoryStorage> storage_{std::in_place, runtime_};
};

class JournalOnSimulatedDisk final : public StorageUnderTest {
 public:
  JournalOnSimulatedDisk() { node_.open(); }
  Storage& storage() override { return *node_.journal; }
  void run_until(absl::FunctionRef<bool()> done) override {
    while (!done() && node_.loop.step()) {
    }
  }
  void reopen() override {
    node_.crash_losing_all();
    node_.open();
  }

 private:
  JournalOnDisk node_;
};

class JournalOnPosix final : public StorageUnderTest {
 public:
  JournalOnPosix() { open(); }
  ~JournalOnPosix() override { close(); }
  Storage& storage() override { return *journal_; }
  void run_until(absl::FunctionRef<bool()> done) override { work_.run_until(done); }
  void reopen() override {
    close();
    open();
  }

 private:
  void open() {
    files_ = std::make_unique<PosixFileSystem>(directory_.path() + "/journal", work_.poster());
    journal_ = std::make_unique<Journal>(
        *files_, JournalOptions{.cluster = kCluster, .node = kNode, .segment_bytes = 1 << 16});
  }
  void close() {
    journal_.reset();
    files_.reset();
  }

  TemporaryDirectory directory_;
  PostedWork work_;
  std::unique_ptr<PosixFileSystem> files_;
  std::unique_ptr<Journal> journal_;
};

template <class UnderTest>
std::unique_ptr<StorageUnderTest> make() {
  return std::make_unique<UnderTest>();
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(
    All, StorageContract,
    ::testing::Values(StorageFactory{"memory", false, make<MemoryUnderTest>},
                      StorageFactory{"journal_on_simulated_disk", true,
                                     make<JournalOnSimulatedDisk>},
                      StorageFactory{"journal_on_posix", true, make<JournalOnPosix>}),
    storage_name);

}  // namespace synod::testing
