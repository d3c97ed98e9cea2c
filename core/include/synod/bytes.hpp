// File: bytes.hpp
//
// Bytes in and out, by hand and with every length checked before it is believed. Numbers are
// little-endian; var-ints are LEB128, at most ten bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace synod {

using Bytes = std::vector<std::byte>;

// Immutable bytes with shared ownership: one allocation, shared by log, message and write. A
// payload may be a part of a larger buffer (a received frame), which it then keeps alive.
class Payload {
 public:
  Payload() = default;
  // Copies `bytes` into one allocation of their own.
  [[nodiscard]] static Payload copy_of(std::span<const std::byte> bytes);
  [[nodiscard]] static Payload copy_of(std::string_view text);
  // Shares `owner`'s bytes. Requires: `bytes` lie in what `owner` keeps alive and never change.
  Payload(std::shared_ptr<const void> owner, std::span<const std::byte> bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  // Equal contents.
  friend bool operator==(const Payload& a, const Payload& b) {
    return a.bytes_.size() == b.bytes_.size() &&
           (a.bytes_.data() == b.bytes_.data() ||
            std::memcmp(a.bytes_.data(), b.bytes_.data(), a.size()) == 0);
  }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> bytes_;
};

// Appends to a vector that the caller owns and may reuse.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(&out) {}

  void u8(std::uint8_t value) { out_->push_back(static_cast<std::byte>(value)); }
  void u32(std::uint32_t value) { fixed(value); }
  void u64(std::uint64_t value) { fixed(value); }
  void varint(std::uint64_t value);
  void boolean(bool value) { u8(value ? 1 : 0); }
  void f64(double value);
  // The bytes alone.
  void raw(std::span<const std::byte> bytes);
  // A var-int length, then the bytes.
  void bytes(std::span<const std::byte> bytes);
  void text(std::string_view text);

  [[nodiscard]] Bytes& out() { return *out_; }

 private:
  template <class Integer>
  void fixed(Integer value) {
    const std::size_t at = out_->size();
    out_->resize(at + sizeof(value));
    for (std::size_t i = 0; i < sizeof(value); ++i) {
      (*out_)[at + i] = static_cast<std::byte>(value >> (8 * i));
    }
  }

  Bytes* out_;
};

// Reads what a ByteWriter wrote. After anything that does not fit, ok() is false for good and every
// read gives zero or nothing: check it once at the end, and before any loop over a count.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::uint8_t u8();
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::uint64_t varint();
  // A byte that must be 0 or 1.
  bool boolean();
  double f64();
  // Exactly `size` bytes of what is left; they belong to the input.
  std::span<const std::byte> raw(std::size_t size) {
    if (!ok_ || size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const std::span<const std::byte> part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
  }
  // A var-int length of at most `max`, then that many bytes.
  std::span<const std::byte> bytes(std::size_t max);
  std::string_view text(std::size_t max);
  // A count of things that take at least `bytes_each_min` bytes each, of which at most `max` are
  // allowed: never more than what is left could hold, so a caller may reserve room for it.
  std::size_t count(std::size_t max, std::size_t bytes_each_min);

  // Records a failure that the caller found in what it read.
  void fail() { ok_ = false; }
  [[nodiscard]] bool ok() const { return ok_; }
  // True when everything was read and nothing failed: trailing bytes are an error.
  [[nodiscard]] bool done() const { return ok_ && rest_.empty(); }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  template <class Integer>
  Integer fixed() {
    const std::span<const std::byte> part = raw(sizeof(Integer));
    Integer value = 0;
    if (part.empty()) return value;
    // A number of steps that the compiler knows becomes one load.
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
      value |= static_cast<Integer>(static_cast<Integer>(part[i]) << (8 * i));
    }
    return value;
  }

  std::span<const std::byte> rest_;
  bool ok_ = true;
};

}  // namespace synod
