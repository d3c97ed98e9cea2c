#include "protocol/values/text.hpp"

#include <algorithm>
#include <utility>

namespace synod::text {
namespace {

constexpr std::size_t kShownPayloadMax = 24;
constexpr std::size_t kIdDigits = 8;

// A word that stands by itself in a line: printable, without a space, and no number sign before it.
bool is_word(std::string_view text) {
  const bool fits = !text.empty() && text.size() <= kShownPayloadMax && text.front() != '#';
  return fits && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::string payload(const Entry& entry) {
  const std::string_view said = entry.payload.text();
  if (is_word(said)) return std::string(said);
  if (said.empty()) return id(entry.id);
  return id(entry.id) + ":" + std::to_string(said.size()) + "b";
}

std::string readmit(const Entry& entry) {
  Readmit change;
  if (!decode(entry.payload, change)) return "readmit " + id(entry.id) + " (malformed)";
  return "readmit(" + to_string(change.node) + " " + to_string(change.expected) + "->" +
         to_string(change.incarnation) + ")";
}

std::string content(const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::kNoop:
      return "noop";
    case EntryKind::kState:
      return payload(entry);
    case EntryKind::kComponent:
      return "@" + std::to_string(entry.tag) + ":" + payload(entry);
    case EntryKind::kReadmit:
      return readmit(entry);
  }
  return "unknown";
}

}  // namespace

std::string round(RoundNum round) { return "r" + to_string(round); }

std::string rounds(RoundNum first, RoundNum last) {
  if (first == last) return round(first);
  return round(first) + ".." + (last == RoundNum::max() ? "" : to_string(last));
}

std::string coord(const CoordNum& coord) { return "c" + to_string(coord); }

std::string id(const EntryId& id) {
  if (id.high == 0) return "#" + std::to_string(id.low);
  return "#" + to_string(id).substr(0, kIdDigits);
}

std::string entry(const Entry& entry) {
  std::string text = content(entry);
  if (entry.last_round != RoundNum::max()) text += "<=" + round(entry.last_round);
  return text;
}

std::string placed(const PlacedEntry& placed) {
  return round(placed.round) + " " + coord(placed.coord) + " " + entry(placed.entry);
}

std::string placed(const std::vector<PlacedEntry>& entries) {
  return listed(entries, [](const PlacedEntry& each) { return "[" + placed(each) + "]"; });
}

std::string genesis(const GenesisMap& map) {
  const bool by_quorum = map.founding == FoundingRule::kQuorum;
  std::string text = by_quorum ? "by a quorum, " : "";
  bool first = true;
  for (const GenesisMember& each : map.members) {
    if (!std::exchange(first, false)) text += " ";
    const bool absent = by_quorum && each.incarnation == Incarnation(0);
    text += absent ? "(" + to_string(each.member.id) + ")" : to_string(each.member.id);
  }
  return text;
}

std::string accepted(const CoordNum& at, const std::optional<GenesisMap>& map) {
  if (!map.has_value()) return "nothing accepted";
  return "accepted " + coord(at) + " {" + genesis(*map) + "}";
}

std::string duration(Duration duration) {
  if (duration == Duration::max()) return "never";
  const std::int64_t microseconds = duration.count();
  if (microseconds % 1000 == 0) return std::to_string(microseconds / 1000) + "ms";
  return std::to_string(microseconds) + "us";
}

}  // namespace synod::text
