#include "host/posix/posix_operations.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace synod::posix {
namespace {

constexpr const char* kLockName = "lock";
// Open descriptors kept; a journal writes to two or three files at a time.
constexpr std::size_t kOpenMax = 16;

absl::Status failure(const std::string& what, int code) {
  const std::string text = what + ": " + std::generic_category().message(code);
  if (code == ENOSPC || code == EDQUOT) return absl::ResourceExhaustedError(text);
  if (code == ENOENT) return absl::NotFoundError(text);
  if (code == EEXIST) return absl::AlreadyExistsError(text);
  return absl::UnknownError(text);
}

// Calls again what a signal interrupted.
template <class Call>
auto retried(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

absl::Status write_all(int file, const std::string& name, std::uint64_t offset,
                       std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = retried([&] {
      return ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (written < 0) return failure("write " + name, errno);
    if (written == 0) return absl::UnknownError("write " + name + ": nothing was written");
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

// Reserves and zeroes; by hand where the file system cannot.
absl::Status reserve(int file, const std::string& name, std::uint64_t size) {
  if (size == 0) return absl::OkStatus();
  if (retried([&] { return ::fallocate(file, 0, 0, static_cast<off_t>(size)); }) == 0) {
    return absl::OkStatus();
  }
  if (errno != EOPNOTSUPP) return failure("reserve " + name, errno);
  const Bytes zeros(std::min<std::uint64_t>(size, 1u << 20));
  for (std::uint64_t at = 0; at < size; at += zeros.size()) {
    const std::size_t part = std::min<std::uint64_t>(zeros.size(), size - at);
    const auto status = write_all(file, name, at, std::span(zeros).first(part));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// File systems whose inode numbers belong to a mount, and not always to the file.
bool numbers_may_change(int file) {
  struct statfs status = {};
  if (retried([&] { return ::fstatfs(file, &status); }) != 0) return true;
  return status.f_type == FUSE_SUPER_MAGIC || status.f_type == OVERLAYFS_SUPER_MAGIC;
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}
Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

absl::Status Directory::open() {
  if (directory_.is_open()) return absl::OkStatus();
  const int number =
      retried([&] { return ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (number < 0) return failure("open " + path_, errno);
  directory_ = Descriptor(number);
  return absl::OkStatus();
}

absl::Status Directory::sync_names() {
  if (retried([&] { return ::fsync(directory_.number()); }) == 0) return absl::OkStatus();
  // Not "no space": what became of the names is unknown.
  return absl::UnknownError(failure("sync " + path_, errno).message());
}

absl::Status Directory::lock() {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) return failure("create " + path_, error.value());
  if (absl::Status status = open(); !status.ok()) return status;
  const int number = retried([&] {
    return ::openat(directory_.number(), kLockName, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  });
  if (number < 0) return failure("open " + path_ + "/" + kLockName, errno);
  Descriptor file(number);
  if (retried([&] { return ::flock(number, LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) return failure("lock " + path_, errno);
    return absl::FailedPreconditionError("another process holds " + path_);
  }
  lock_ = std::move(file);
  return sync_names();
}

absl::StatusOr<std::vector<std::string>> Directory::list() {
  if (absl::Status status = open(); !status.ok()) return status;
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path_, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name != kLockName && entry->is_regular_file(error)) names.push_back(name);
  }
  if (error) return failure("list " + path_, error.value());
  std::ranges::sort(names);
  return names;
}

absl::StatusOr<int> Directory::open_file(const std::string& name) {
  if (absl::Status status = open(); !status.ok()) return status;
  const auto found = files_.find(name);
  if (found != files_.end()) return found->second.number();
  const int number =
      retried([&] { return ::openat(directory_.number(), name.c_str(), O_RDWR | O_CLOEXEC); });
  if (number < 0) return failure("open " + name, errno);
  if (files_.size() >= kOpenMax) files_.clear();
  files_[name] = Descriptor(number);
  return number;
}

absl::StatusOr<Bytes> Directory::read(const std::string& name) {
  absl::StatusOr<int> file = open_file(name);
  if (!file.ok()) return file.status();
  struct stat status = {};
  if (::fstat(*file, &status) != 0) return failure("read " + name, errno);
  Bytes content(static_cast<std::size_t>(status.st_size));
  std::size_t at = 0;
  while (at < content.size()) {
    const ssize_t got = retried([&] {
      return ::pread(*file, content.data() + at, content.size() - at, static_cast<off_t>(at));
    });
    if (got < 0) return failure("read " + name, errno);
    if (got == 0) return absl::UnknownError("read " + name + ": it became shorter");
    at += static_cast<std::size_t>(got);
  }
  return content;
}

absl::Status Directory::create(const std::string& name, std::uint64_t size) {
  if (absl::Status status = open(); !status.ok()) return status;
  const int number = retried([&] {
    return ::openat(directory_.number(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  });
  if (number < 0) return failure("create " + name, errno);
  Descriptor file(number);
  absl::Status status = reserve(number, name, size);
  // With the size and the reservation, so that a later fdatasync has only bytes to write.
  if (status.ok() && retried([&] { return ::fsync(number); }) != 0) {
    status = failure("sync " + name, errno);
  }
  if (!status.ok()) {
    ::unlinkat(directory_.number(), name.c_str(), 0);
    return status;
  }
  files_[name] = std::move(file);
  return sync_names();
}

absl::Status Directory::write(const std::string& name, std::uint64_t offset,
                              std::span<const std::byte> bytes, bool sync) {
  absl::StatusOr<int> file = open_file(name);
  if (!file.ok()) return file.status();
  if (absl::Status status = write_all(*file, name, offset, bytes); !status.ok()) return status;
  if (!sync) return absl::OkStatus();
  // Once only, whatever it says: after a failure the pages count as clean, and a second sync that
  // succeeds proves nothing (H11). An interrupted one has not failed.
  if (retried([&] { return ::fdatasync(*file); }) == 0) return absl::OkStatus();
  return failure("sync " + name, errno);
}

absl::Status Directory::rename(const std::string& from, const std::string& to) {
  if (absl::Status status = open(); !status.ok()) return status;
  files_.erase(from);
  files_.erase(to);
  const int here = directory_.number();
  if (::renameat(here, from.c_str(), here, to.c_str()) != 0) return failure("rename " + from, errno);
  return sync_names();
}

absl::Status Directory::remove(const std::string& name) {
  if (absl::Status status = open(); !status.ok()) return status;
  files_.erase(name);
  if (::unlinkat(directory_.number(), name.c_str(), 0) != 0) return failure("remove " + name, errno);
  return sync_names();
}

absl::StatusOr<FileIdentity> Directory::identify(const std::string& name) {
  absl::StatusOr<int> file = open_file(name);
  if (!file.ok()) return file.status();
  struct statx status = {};
  constexpr unsigned kWanted = STATX_INO | STATX_BTIME;
  if (retried([&] { return ::statx(*file, "", AT_EMPTY_PATH, kWanted, &status); }) != 0) {
    // Sandboxes that do not know the call forbid it.
    if (errno == ENOSYS || errno == EPERM) return FileIdentity{};
    return failure("identify " + name, errno);
  }
  if ((status.stx_mask & STATX_BTIME) == 0) return FileIdentity{};
  constexpr std::uint64_t kNanoseconds = 1'000'000'000;
  FileIdentity identity;
  identity.number = numbers_may_change(*file) ? 0 : status.stx_ino;
  identity.born = static_cast<std::uint64_t>(status.stx_btime.tv_sec) * kNanoseconds +
                  status.stx_btime.tv_nsec;
  return identity;
}

}  // namespace synod::posix
