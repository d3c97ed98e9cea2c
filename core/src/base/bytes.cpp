#include <synod/bytes.hpp>

#include <array>
#include <bit>

namespace synod {
namespace {

constexpr std::size_t kVarintBytesMax = 10;

}  // namespace

Payload Payload::copy_of(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  std::shared_ptr<std::byte[]> copy = std::make_shared_for_overwrite<std::byte[]>(bytes.size());
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  const std::span<const std::byte> view(copy.get(), bytes.size());
  return Payload(std::move(copy), view);
}

Payload Payload::copy_of(std::string_view text) { return copy_of(std::as_bytes(std::span(text))); }

void ByteWriter::varint(std::uint64_t value) {
  std::array<std::byte, kVarintBytesMax> encoded;
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) encoded[size++] = static_cast<std::byte>(value | 0x80);
  encoded[size++] = static_cast<std::byte>(value);
  raw(std::span(encoded).first(size));
}

void ByteWriter::f64(double value) { u64(std::bit_cast<std::uint64_t>(value)); }

void ByteWriter::raw(std::span<const std::byte> bytes) {
  out_->insert(out_->end(), bytes.begin(), bytes.end());
}

void ByteWriter::bytes(std::span<const std::byte> bytes) {
  varint(bytes.size());
  raw(bytes);
}

void ByteWriter::text(std::string_view text) { bytes(std::as_bytes(std::span(text))); }

std::uint8_t ByteReader::u8() {
  const std::span<const std::byte> part = raw(1);
  return part.empty() ? 0 : static_cast<std::uint8_t>(part[0]);
}

std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; ok_ && i < rest_.size() && i < kVarintBytesMax; ++i) {
    const auto byte = static_cast<std::uint8_t>(rest_[i]);
    // The tenth byte holds one bit; and a number has one form only, the shortest, so that equal
    // things are equal bytes.
    if (i == kVarintBytesMax - 1 && byte > 1) break;
    if (i > 0 && byte == 0) break;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      rest_ = rest_.subspan(i + 1);
      return value;
    }
  }
  ok_ = false;
  return 0;
}

bool ByteReader::boolean() {
  const std::uint8_t value = u8();
  if (value > 1) ok_ = false;
  return ok_ && value == 1;
}

double ByteReader::f64() { return std::bit_cast<double>(u64()); }

std::span<const std::byte> ByteReader::bytes(std::size_t max) {
  const std::uint64_t size = varint();
  if (size > max) ok_ = false;
  return raw(static_cast<std::size_t>(size));
}

std::string_view ByteReader::text(std::size_t max) {
  const std::span<const std::byte> part = bytes(max);
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

std::size_t ByteReader::count(std::size_t max, std::size_t bytes_each_min) {
  const std::uint64_t counted = varint();
  const std::size_t room = bytes_each_min == 0 ? max : rest_.size() / bytes_each_min;
  if (counted > max || counted > room) ok_ = false;
  return ok_ ? static_cast<std::size_t>(counted) : 0;
}

}  // namespace synod
