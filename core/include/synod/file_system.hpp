// File: file_system.hpp
//
// The disk, as the journal needs it: small, asynchronous, and honest about what is durable. The POSIX
// one owns a thread; the simulated one tears, rots, fills and stalls.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <synod/bytes.hpp>

namespace synod {

// Which file it is: equal for one file, whatever its name and wherever its directory was moved to, and
// another for a copy of it. All 0 where the file system cannot tell.
struct FileIdentity {
  std::uint64_t number = 0;  // The inode's; 0 where numbers may change with a mount.
  std::uint64_t born = 0;    // When the file was made, in nanoseconds since 1970.
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// Operations run one after the other, in the order in which they were asked for, each as a whole.
// Completions come on the node's thread, never inside the call. Paths are relative to the directory
// that the file system was made for; there is one level, and names hold no slash.
class FileSystem {
 public:
  using Done = absl::AnyInvocable<void(absl::Status)>;
  using ReadDone = absl::AnyInvocable<void(absl::StatusOr<Bytes>)>;
  using ListDone = absl::AnyInvocable<void(absl::StatusOr<std::vector<std::string>>)>;

  using IdentifyDone = absl::AnyInvocable<void(absl::StatusOr<FileIdentity>)>;

  virtual ~FileSystem() = default;

  // Takes the directory for this process alone, creating it where it is missing; fails with
  // FailedPrecondition where another process holds it. Released when the file system goes.
  virtual void lock(Done done) = 0;
  virtual void list(ListDone done) = 0;
  // The whole file.
  virtual void read(const std::string& name, ReadDone done) = 0;
  // Creates `name` with `size` zero bytes of reserved space, and makes its name durable.
  // ResourceExhausted: no space; then no such file exists.
  virtual void create(const std::string& name, std::uint64_t size, Done done) = 0;
  // Writes at `offset` within the file's size, and, with `sync`, makes everything ever written to the
  // file durable (one fdatasync). `bytes` stays unchanged and alive until `done`.
  virtual void write(const std::string& name, std::uint64_t offset, std::span<const std::byte> bytes,
                     bool sync, Done done) = 0;
  // Makes `to` durably name what `from` named; replaces an older `to` at once.
  virtual void rename(const std::string& from, const std::string& to, Done done) = 0;
  virtual void remove(const std::string& name, Done done) = 0;
  // The same as long as the file is there, over restarts of the process and of the machine.
  virtual void identify(const std::string& name, IdentifyDone done) = 0;
};

}  // namespace synod
