// Where fields go: first to be measured, then to be written, by the very same code, so that there
// is room for exactly what is written and no check is needed at each byte.
#pragma once

#include <bit>
#include <cstring>
#include <span>
#include <string_view>

#include <synod/bytes.hpp>
#include <synod/check.hpp>
#include <synod/types.hpp>

namespace synod::wire {

class Measure {
 public:
  void u8(std::uint8_t) { size_ += 1; }
  void u64(std::uint64_t) { size_ += 8; }
  void varint(std::uint64_t value) {
    size_ += (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
  }
  void raw(std::span<const std::byte> bytes) { size_ += bytes.size(); }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

class Fill {
 public:
  // Requires: at `at` there is room for what was measured.
  explicit Fill(std::byte* at) : at_(at) {}

  void u8(std::uint8_t value) { *at_++ = static_cast<std::byte>(value); }
  void u16(std::uint16_t value) { fixed(value); }
  void u32(std::uint32_t value) { fixed(value); }
  void u64(std::uint64_t value) { fixed(value); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at_++ = static_cast<std::byte>(value | 0x80);
    *at_++ = static_cast<std::byte>(value);
  }
  void raw(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }

  [[nodiscard]] const std::byte* at() const { return at_; }

 private:
  template <class Integer>
  void fixed(Integer value) {
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(at_, &value, sizeof(value));
    } else {
      for (std::size_t i = 0; i < sizeof(value); ++i) {
        at_[i] = static_cast<std::byte>(value >> (8 * i));
      }
    }
    at_ += sizeof(value);
  }

  std::byte* at_;
};

// Appends what `write(sink)` gives to `out`, after `before` bytes that the caller fills in. Gives
// where those start.
template <class Write>
std::byte* append_measured(Bytes& out, std::size_t before, const Write& write) {
  Measure measure;
  write(measure);
  const std::size_t start = out.size();
  out.resize(start + before + measure.size());

  Fill fill(out.data() + start + before);
  write(fill);
  SYNOD_CHECK(fill.at() == out.data() + out.size(), "what is written is what was measured");
  return out.data() + start;
}

}  // namespace synod::wire
