// File: posix_file_system.hpp
//
// The real disk: a FileSystem over one directory, with one thread that does everything that blocks.
#pragma once

#include <memory>
#include <string>

#include <absl/functional/any_invocable.h>

#include <synod/file_system.hpp>
#include <synod/runtime.hpp>

namespace synod {

// Called on the node's thread; `post` is called on the file system's own and must bring the work to
// the node's (Runtime::post does). What is queued while one operation runs is taken over at once.
//
// Errors: ResourceExhausted for no space or no quota, NotFound, AlreadyExists, FailedPrecondition
// where another process holds the directory, otherwise Unknown with what errno means.
//
// A file's identity is its inode number and birth time (statx). Where the file system keeps no birth
// time it is unknown, because inode numbers alone are given to one file after the other; on FUSE and
// on overlays, which may number anew at every mount, it is the birth time alone.
class PosixFileSystem final : public FileSystem {
 public:
  using Post = absl::AnyInvocable<void(absl::AnyInvocable<void()>)>;

  PosixFileSystem(std::string directory, Post post);
  // `runtime` must outlive the file system.
  PosixFileSystem(std::string directory, Runtime& runtime);
  // Called on the node's thread. Finishes what is queued, which blocks, then releases the lock.
  // Completions that have not run by then never will.
  ~PosixFileSystem() override;
  PosixFileSystem(const PosixFileSystem&) = delete;
  PosixFileSystem& operator=(const PosixFileSystem&) = delete;

  void lock(Done done) override;
  void list(ListDone done) override;
  void read(const std::string& name, ReadDone done) override;
  void create(const std::string& name, std::uint64_t size, Done done) override;
  void write(const std::string& name, std::uint64_t offset, std::span<const std::byte> bytes,
             bool sync, Done done) override;
  void rename(const std::string& from, const std::string& to, Done done) override;
  void remove(const std::string& name, Done done) override;
  void identify(const std::string& name, IdentifyDone done) override;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace synod
