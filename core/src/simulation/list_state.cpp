#include <synod/simulation/list_state.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace synod::simulation {
namespace {

constexpr std::size_t kTextMax = 1u << 20;
constexpr std::size_t kItemsMax = 1u << 24;
constexpr std::size_t kItemBytesMin = 3 * sizeof(std::uint64_t);
constexpr std::size_t kChangesMax = 1u << 16;
constexpr std::size_t kMembersMax = 64;
constexpr std::uint64_t kWindowMax = 1024;
constexpr std::string_view kMembers = "members";
constexpr std::string_view kQuorums = "quorums";
constexpr std::string_view kWindow = "window";

// The words of a command, one after the other.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  // Empty at the end.
  std::string_view next() {
    const std::size_t space = text_.find(' ');
    const std::string_view word = text_.substr(0, space);
    text_ = space == std::string_view::npos ? std::string_view() : text_.substr(space + 1);
    return word;
  }

 private:
  std::string_view text_;
};

std::optional<std::uint64_t> number(std::string_view text) {
  constexpr std::size_t kDigitsMax = 18;
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  std::uint64_t value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

// Two numbers around `separator`; `otherwise` for the second where there is none.
std::optional<std::pair<std::uint64_t, std::uint64_t>> pair_of(std::string_view word,
                                                               char separator,
                                                               std::uint64_t otherwise) {
  const std::size_t middle = word.find(separator);
  const auto first = number(word.substr(0, middle));
  const auto second =
      middle == std::string_view::npos ? std::optional(otherwise) : number(word.substr(middle + 1));
  if (!first || !second) return std::nullopt;
  return std::pair(*first, *second);
}

std::optional<Cluster> cluster_of(Words words) {
  Cluster cluster;
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    if (word == kQuorums) {
      const auto policy = pair_of(words.next(), '/', 0);
      if (!policy) return std::nullopt;
      cluster.policy = {policy->first, policy->second};
      continue;
    }
    const auto member = pair_of(word, '*', 1);
    if (!member || member->second > kWindowMax) return std::nullopt;
    cluster.members.push_back(
        Member{.id = NodeId(member->first), .weight = static_cast<std::uint32_t>(member->second)});
  }
  if (!refusal(cluster, kMembersMax).empty()) return std::nullopt;
  return cluster;
}

}  // namespace

ListState::ListState(std::uint64_t concurrency) : initial_(concurrency), wanted_(concurrency) {
  drop();
}

std::string ListState::command(const Cluster& cluster) {
  std::string text(kMembers);
  for (const Member& member : cluster.members) {
    text += " " + to_string(member.id);
    if (member.weight != 1) text += "*" + std::to_string(member.weight);
  }
  const QuorumPolicy& policy = cluster.policy;
  if (policy == QuorumPolicy{}) return text;
  return text + " quorums " + std::to_string(policy.phase1) + "/" + std::to_string(policy.phase2);
}

std::string ListState::command(std::uint64_t concurrency) {
  return std::string(kWindow) + " " + std::to_string(concurrency);
}

void ListState::obey(std::string_view text) {
  Words words(text);
  const std::string_view verb = words.next();
  if (verb == kMembers) {
    auto cluster = cluster_of(words);
    if (!cluster) return;
    auto shared = std::make_shared<const Cluster>(std::move(*cluster));
    changes_.push_back({window_end_.next(), std::move(shared)});
  } else if (verb == kWindow) {
    const auto window = number(words.next());
    if (window && *window >= 1 && *window <= kWindowMax) wanted_ = *window;
  }
}

// Changes of rounds that are over are not asked for again, but for the last of them.
void ListState::advance(RoundNum round) {
  applied_ = round;
  window_end_ = std::max(window_end_, round.plus(wanted_));
  while (changes_.size() > 1 && changes_[1].from <= round) changes_.erase(changes_.begin());
}

ApplyResult ListState::apply(RoundNum round, const Entry& entry) {
  items_.push_back({round, entry.id, std::string(entry.payload.text())});
  obey(entry.payload.text());
  advance(round);
  return {};
}

void ListState::skip(RoundNum round, const Entry& /*entry*/, SkipReason /*reason*/) {
  advance(round);
}

std::shared_ptr<const Cluster> ListState::cluster_at(RoundNum round) const {
  std::shared_ptr<const Cluster> cluster;
  for (const Change& change : changes_) {
    if (change.from <= round) cluster = change.cluster;
  }
  return cluster;
}

bool ListState::save(Bytes& out) const {
  ByteWriter writer(out);
  writer.u64(applied_.value());
  writer.u64(window_end_.value());
  writer.u64(wanted_);
  writer.varint(changes_.size());
  for (const Change& change : changes_) {
    writer.u64(change.from.value());
    encode(*change.cluster, writer);
  }
  writer.varint(items_.size());
  for (const Item& item : items_) {
    writer.u64(item.round.value());
    writer.u64(item.id.high);
    writer.u64(item.id.low);
    writer.text(item.text);
  }
  return true;
}

bool ListState::load(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  drop();
  applied_ = RoundNum(reader.u64());
  window_end_ = RoundNum(reader.u64());
  wanted_ = reader.u64();
  changes_.resize(reader.count(kChangesMax, sizeof(std::uint64_t)));
  for (Change& change : changes_) {
    change.from = RoundNum(reader.u64());
    Cluster cluster;
    decode(reader, cluster);
    change.cluster = std::make_shared<const Cluster>(std::move(cluster));
  }
  items_.resize(reader.count(kItemsMax, kItemBytesMin));
  for (Item& item : items_) {
    item.round = RoundNum(reader.u64());
    item.id.high = reader.u64();
    item.id.low = reader.u64();
    item.text = std::string(reader.text(kTextMax));
  }
  if (!reader.done()) drop();
  return reader.done();
}

void ListState::drop() {
  applied_ = {};
  wanted_ = initial_;
  window_end_ = RoundNum(initial_);
  changes_.clear();
  items_.clear();
}

}  // namespace synod::simulation
