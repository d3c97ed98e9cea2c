// The parts of a trace line. They are short, the same on every machine, and made to be read side by
// side; nobody parses them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <synod/cluster.hpp>
#include <synod/entry.hpp>
#include <synod/types.hpp>

namespace synod::text {

[[nodiscard]] std::string round(RoundNum round);                  // r7
[[nodiscard]] std::string rounds(RoundNum first, RoundNum last);  // r7 or r7..9; none: r7..6
[[nodiscard]] std::string coord(const CoordNum& coord);           // c4.2
[[nodiscard]] std::string id(const EntryId& id);                  // #5, or #3fa1b2c4 for a long one
[[nodiscard]] std::string entry(const Entry& entry);
[[nodiscard]] std::string placed(const PlacedEntry& placed);  // r7 c4.2 x
[[nodiscard]] std::string placed(const std::vector<PlacedEntry>& entries);
// 1 2 3; where a quorum founds, those without an incarnation in brackets: by a quorum, 1 2 (3)
[[nodiscard]] std::string genesis(const GenesisMap& map);
// nothing accepted, or: accepted c4.2 {…}
[[nodiscard]] std::string accepted(const CoordNum& at, const std::optional<GenesisMap>& map);
[[nodiscard]] std::string duration(Duration duration);     // 250ms, 30us, or never
// " a b c" of the first few, then " +N".
template <class Range, class Describe>
[[nodiscard]] std::string listed(const Range& range, Describe describe) {
  constexpr std::size_t kShownMax = 16;
  std::string text;
  std::size_t shown = 0;
  for (const auto& each : range) {
    if (shown == kShownMax) break;
    text += " " + describe(each);
    ++shown;
  }
  if (shown < range.size()) text += " +" + std::to_string(range.size() - shown);
  return text;
}

}  // namespace synod::text
