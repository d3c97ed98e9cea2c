#include <sched.h>
#include <sys/mount.h>

#include <synod/posix_file_system.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "unit/journal/posix_support.hpp"

namespace synod::testing {
namespace {

Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

class PosixFileSystemTest : public ::testing::Test {
 protected:
  // Runs one operation to its end.
  absl::Status wait(const std::function<void(FileSystem::Done)>& begin) {
    std::optional<absl::Status> result;
    begin([&](absl::Status status) { result = std::move(status); });
    work_.run_until([&] { return result.has_value(); });
    return *result;
  }
  absl::Status lock(FileSystem& files) {
    return wait([&](auto done) { files.lock(std::move(done)); });
  }
  absl::Status create(const std::string& name, std::uint64_t size) {
    return wait([&](auto done) { files_->create(name, size, std::move(done)); });
  }
  absl::Status write(const std::string& name, std::uint64_t offset, const Bytes& bytes) {
    return wait([&](auto done) { files_->write(name, offset, bytes, true, std::move(done)); });
  }
  absl::StatusOr<Bytes> read(const std::string& name) {
    std::optional<absl::StatusOr<Bytes>> result;
    files_->read(name, [&](absl::StatusOr<Bytes> bytes) { result = std::move(bytes); });
    work_.run_until([&] { return result.has_value(); });
    return *std::move(result);
  }
  std::vector<std::string> list() {
    std::optional<std::vector<std::string>> result;
    files_->list([&](absl::StatusOr<std::vector<std::string>> names) { result = *names; });
    work_.run_until([&] { return result.has_value(); });
    return *result;
  }

  absl::StatusOr<FileIdentity> identify(const std::string& name) {
    std::optional<absl::StatusOr<FileIdentity>> result;
    files_->identify(name, [&](absl::StatusOr<FileIdentity> found) { result = found; });
    work_.run_until([&] { return result.has_value(); });
    return *result;
  }

  TemporaryDirectory directory_;
  PostedWork work_;
  std::string path_ = directory_.path() + "/a/b";
  std::unique_ptr<PosixFileSystem> files_ =
      std::make_unique<PosixFileSystem>(path_, work_.poster());
};

TEST_F(PosixFileSystemTest, CreatesWritesReadsRenamesRemoves) {
  ASSERT_EQ(lock(*files_), absl::OkStatus());
  ASSERT_EQ(create("one", 8), absl::OkStatus());
  EXPECT_EQ(read("one").value(), Bytes(8));
  ASSERT_EQ(write("one", 2, bytes_of("abc")), absl::OkStatus());
  Bytes expected(8);
  std::ranges::copy(bytes_of("abc"), expected.begin() + 2);
  EXPECT_EQ(read("one").value(), expected);
  ASSERT_EQ(create("two", 3), absl::OkStatus());
  ASSERT_EQ(wait([&](auto done) { files_->rename("one", "two", std::move(done)); }),
            absl::OkStatus());
  EXPECT_EQ(read("two").value(), expected);
  EXPECT_EQ(list(), std::vector<std::string>{"two"});  // Not the lock.
  EXPECT_TRUE(absl::IsAlreadyExists(create("two", 1)));
  ASSERT_EQ(wait([&](auto done) { files_->remove("two", std::move(done)); }), absl::OkStatus());
  EXPECT_TRUE(absl::IsNotFound(read("two").status()));
  EXPECT_TRUE(list().empty());
}

TEST_F(PosixFileSystemTest, RenamingToItselfIsHarmless) {
  ASSERT_EQ(lock(*files_), absl::OkStatus());
  ASSERT_EQ(create("one", 8), absl::OkStatus());
  ASSERT_EQ(wait([&](auto done) { files_->rename("one", "one", std::move(done)); }),
            absl::OkStatus());
  EXPECT_EQ(read("one").value(), Bytes(8));
}

TEST_F(PosixFileSystemTest, AFileIsKnownAgainAndACopyIsAnother) {
  ASSERT_TRUE(lock(*files_).ok());
  ASSERT_TRUE(create("one", 100).ok());
  const absl::StatusOr<FileIdentity> made = identify("one");
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_TRUE(write("one", 0, bytes_of("text")).ok());
  ASSERT_TRUE(wait([&](auto done) { files_->rename("one", "two", std::move(done)); }).ok());
  files_.reset();
  // The whole directory is moved, and opened again.
  std::filesystem::rename(path_, path_ + "-moved");
  files_ = std::make_unique<PosixFileSystem>(path_ + "-moved", work_.poster());
  EXPECT_EQ(*identify("two"), *made);
  if (*made == FileIdentity{}) GTEST_SKIP() << "this file system keeps no birth times";
  std::filesystem::copy_file(path_ + "-moved/two", path_ + "-moved/copy");
  const absl::StatusOr<FileIdentity> copied = identify("copy");
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_FALSE(*copied == *made);
  EXPECT_FALSE(*copied == FileIdentity{});
  EXPECT_TRUE(absl::IsNotFound(identify("none").status()));
}

TEST_F(PosixFileSystemTest, OneHolderAtATime) {
  ASSERT_EQ(lock(*files_), absl::OkStatus());
  PosixFileSystem second(path_, work_.poster());
  const absl::Status refused = lock(second);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  files_.reset();
  EXPECT_EQ(lock(second), absl::OkStatus());
}

TEST_F(PosixFileSystemTest, ARefusedReservationLeavesNoFile) {
  ASSERT_EQ(lock(*files_), absl::OkStatus());
  // Longer than any file system lets a file be: refused before a byte of the disk is taken, which
  // others use at this moment.
  const absl::Status refused = create("huge", 1ull << 62);
  EXPECT_FALSE(refused.ok());
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(create("small", 8), absl::OkStatus());
}

// On a file system of one megabyte, which nobody else sees and which ends with the process.
TEST_F(PosixFileSystemTest, NoSpaceIsToldFromOtherFailuresAndPassesWhenSomeIsFreed) {
  const bool alone = ::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
  if (!alone || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", directory_.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "this user may not mount a file system";
  }
  // Its thread sees the mount only if it is made afterwards.
  files_ = std::make_unique<PosixFileSystem>(path_, work_.poster());
  ASSERT_EQ(lock(*files_), absl::OkStatus());
  ASSERT_EQ(create("first", 600 << 10), absl::OkStatus());
  const absl::Status refused = create("second", 600 << 10);
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_EQ(list(), std::vector<std::string>{"first"});
  ASSERT_EQ(wait([&](auto done) { files_->remove("first", std::move(done)); }), absl::OkStatus());
  EXPECT_EQ(create("second", 600 << 10), absl::OkStatus());
  files_.reset();
  EXPECT_EQ(::umount2(directory_.path().c_str(), MNT_DETACH), 0);
}

TEST_F(PosixFileSystemTest, FinishesWhatIsQueuedAndTellsNobody) {
  ASSERT_EQ(lock(*files_), absl::OkStatus());
  const Bytes bytes = bytes_of("x");
  files_->create("last", 1, [](const absl::Status&) { FAIL(); });
  files_->write("last", 0, bytes, true, [](const absl::Status&) { FAIL(); });
  files_.reset();
  files_ = std::make_unique<PosixFileSystem>(path_, work_.poster());
  EXPECT_EQ(read("last").value(), bytes);
}

TEST_F(PosixFileSystemTest, RunsInOrder) {
  ASSERT_EQ(lock(*files_), absl::OkStatus());
  ASSERT_EQ(create("file", 1), absl::OkStatus());
  std::vector<Bytes> contents;
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) contents.push_back(Bytes(1, static_cast<std::byte>(i)));
  for (int i = 0; i < 100; ++i) {
    files_->write("file", 0, contents[static_cast<std::size_t>(i)], i == 99,
                  [&order, i](const absl::Status& status) {
                    EXPECT_EQ(status, absl::OkStatus());
                    order.push_back(i);
                  });
  }
  work_.run_until([&] { return order.size() == 100; });
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(read("file").value(), contents.back());
}

}  // namespace
}  // namespace synod::testing
