#include <synod/types.hpp>

#include <span>

#include <synod/hash.hpp>

namespace synod {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::size_t kIdDigits = 32;
constexpr std::size_t kUuidLength = 36;

std::string hexadecimal(std::uint64_t value) {
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; value >>= 4) text[i] = kDigits[value & 0xf];
  return text;
}

// The digit's value; -1 for what is none. A UUID in capitals is the same UUID.
int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_dash_position(std::size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

}  // namespace

ClusterId ClusterId::of(std::string_view name) {
  const std::uint64_t value = fingerprint(std::as_bytes(std::span(name)));
  return ClusterId(value != 0 ? value : 1);
}

std::string to_string(RoundNum round) { return std::to_string(round.value()); }
std::string to_string(NodeId node) { return std::to_string(node.value()); }
std::string to_string(Incarnation incarnation) { return hexadecimal(incarnation.value()); }

std::string to_string(const CoordNum& coord) {
  return std::to_string(coord.counter) + "." + to_string(coord.proposer);
}

std::string to_string(const EntryId& id) {
  const std::string digits = hexadecimal(id.high) + hexadecimal(id.low);
  std::string text;
  text.reserve(kUuidLength);
  for (const char digit : digits) {
    if (is_dash_position(text.size())) text += '-';
    text += digit;
  }
  return text;
}

bool parse_entry_id(std::string_view text, EntryId& id) {
  if (text.size() != kIdDigits && text.size() != kUuidLength) return false;
  const bool dashed = text.size() == kUuidLength;

  EntryId parsed;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (dashed && is_dash_position(i)) {
      if (text[i] != '-') return false;
      continue;
    }
    const int digit = digit_value(text[i]);
    if (digit < 0) return false;
    parsed.high = (parsed.high << 4) | (parsed.low >> 60);
    parsed.low = (parsed.low << 4) | static_cast<std::uint64_t>(digit);
  }
  id = parsed;
  return true;
}

}  // namespace synod
