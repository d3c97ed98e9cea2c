#include <synod/simulation/restored_copy.hpp>

#include <algorithm>

namespace synod::simulation {
namespace {

constexpr std::size_t kWord = 4;
constexpr std::size_t kPlacesMax = 3;

}  // namespace

// Word by word: a number of a few bytes is shown as a whole.
std::string members_not_restored(std::span<const std::byte> original,
                                 std::span<const std::byte> copy,
                                 std::span<const std::byte> another_copy) {
  std::string text;
  std::size_t places = 0;
  for (std::size_t at = 0; at < original.size(); at += kWord) {
    const std::size_t size = std::min(kWord, original.size() - at);
    const auto part = [&](std::span<const std::byte> whole) { return whole.subspan(at, size); };
    const bool copies_agree = std::ranges::equal(part(copy), part(another_copy));
    if (!copies_agree || std::ranges::equal(part(original), part(copy))) continue;
    if (++places > kPlacesMax) break;
    text += text.empty() ? "in the object of " + std::to_string(original.size()) + " bytes, "
                         : std::string(", and ");
    text += "byte " + std::to_string(at) + " on held " + hexadecimal(part(original)) +
            " where a restored one has " + hexadecimal(part(copy));
  }
  return text.empty() ? text : text + " (gdb's `ptype /o` names the member)";
}

}  // namespace synod::simulation
