// What a disk does, one blocking call each, over one directory.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <synod/bytes.hpp>
#include <synod/file_system.hpp>

namespace synod::posix {

// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

// Meant for one thread. Keeps the files that it wrote to open, and the lock until it goes.
class Directory {
 public:
  explicit Directory(std::string path) : path_(std::move(path)) {}

  absl::Status lock();
  absl::StatusOr<std::vector<std::string>> list();
  absl::StatusOr<Bytes> read(const std::string& name);
  absl::Status create(const std::string& name, std::uint64_t size);
  absl::Status write(const std::string& name, std::uint64_t offset,
                     std::span<const std::byte> bytes, bool sync);
  absl::Status rename(const std::string& from, const std::string& to);
  absl::Status remove(const std::string& name);
  absl::StatusOr<FileIdentity> identify(const std::string& name);

 private:
  absl::Status sync_names();
  absl::Status open();
  absl::StatusOr<int> open_file(const std::string& name);

  std::string path_;
  Descriptor directory_;
  Descriptor lock_;
  std::map<std::string, Descriptor> files_;
};

}  // namespace synod::posix
