#include <synod/simulation/value_text.hpp>

#include <algorithm>

namespace synod::simulation {

std::string hexadecimal(std::span<const std::byte> bytes, std::size_t shown_max) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x";
  for (const std::byte byte : bytes.first(std::min(shown_max, bytes.size()))) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return bytes.size() > shown_max ? text + "…" : text;
}

std::string first_difference(std::span<const std::byte> here, std::span<const std::byte> there) {
  const auto [a, b] = std::mismatch(here.begin(), here.end(), there.begin(), there.end());
  const auto at = static_cast<std::size_t>(a - here.begin());
  constexpr std::size_t kShown = 8;
  return "from byte " + std::to_string(at) + " on " + hexadecimal(here.subspan(at), kShown) +
         " here and " + hexadecimal(there.subspan(at), kShown) + " there";
}

}  // namespace synod::simulation
