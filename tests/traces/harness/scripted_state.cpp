#include "traces/harness/scripted_state.hpp"

#include <algorithm>
#include <utility>

namespace synod::traces {
namespace {
constexpr std::size_t kTextMax = 4096;
constexpr std::string_view kMembers = "members=";
constexpr std::string_view kWindow = "window=";
}  // namespace

NodeId node_called(char letter) { return NodeId(static_cast<std::uint64_t>(letter - 'A' + 1)); }
char letter_of(NodeId node) { return static_cast<char>('A' + node.value() - 1); }

ScriptedState::ScriptedState(NodeId node, Cluster cluster, std::uint64_t window,
                             simulation::Checker& checker)
    : node_(node), checker_(checker), initial_(std::move(cluster)), initial_window_(window) {
  drop();
}

ApplyResult ScriptedState::apply(RoundNum round, const Entry& entry) {
  checker_.on_applied(node_, round, entry, std::nullopt, concurrency());
  const std::string text(entry.payload.text());
  if (text == "poison") return {true, "poison"};
  applied_ = round;
  items_.push_back(text);
  if (text.starts_with(kWindow)) window_ = std::stoull(text.substr(kWindow.size()));
  // What was decided for a round inside the window stays.
  if (text.starts_with(kMembers)) {
    change_members(std::string_view(text).substr(kMembers.size()), window_end_.next());
  }
  window_end_ = std::max(window_end_, applied_.plus(window_));
  return {};
}

void ScriptedState::change_members(std::string_view letters, RoundNum from) {
  Cluster cluster;
  for (const char letter : letters) cluster.members.push_back(Member{.id = node_called(letter)});
  changes_[from] = std::string(letters);
  clusters_[from] = std::make_shared<const Cluster>(std::move(cluster));
}

void ScriptedState::skip(RoundNum round, const Entry& entry, SkipReason reason) {
  checker_.on_applied(node_, round, entry, reason, concurrency());
  applied_ = round;
  window_end_ = std::max(window_end_, applied_.plus(window_));
}

std::shared_ptr<const Cluster> ScriptedState::cluster_at(RoundNum round) const {
  auto after = clusters_.upper_bound(round);
  if (after == clusters_.begin()) return nullptr;
  checker_.on_cluster(node_, round, std::prev(after)->second);
  return std::prev(after)->second;
}

std::uint64_t ScriptedState::concurrency() const { return window_end_.above(applied_); }

bool ScriptedState::save(Bytes& out) const {
  ByteWriter writer(out);
  writer.u64(applied_.value());
  writer.u64(window_end_.value());
  writer.u64(window_);
  writer.varint(changes_.size());
  for (const auto& [round, letters] : changes_) {
    writer.u64(round.value());
    writer.text(letters);
  }
  writer.varint(items_.size());
  for (const std::string& item : items_) writer.text(item);
  return true;
}

bool ScriptedState::load(std::span<const std::byte> bytes) {
  drop();
  checker_.on_state_loaded(node_);
  ByteReader reader(bytes);
  applied_ = RoundNum(reader.u64());
  const RoundNum window_end(reader.u64());
  window_ = reader.u64();
  for (std::size_t left = reader.count(kTextMax, sizeof(std::uint64_t)); left > 0; --left) {
    const RoundNum from(reader.u64());
    change_members(reader.text(kTextMax), from);
  }
  window_end_ = window_end;
  for (std::size_t left = reader.count(kTextMax, 1); left > 0; --left) {
    items_.emplace_back(reader.text(kTextMax));
  }
  return reader.done();
}

void ScriptedState::drop() {
  applied_ = {};
  window_ = initial_window_;
  window_end_ = RoundNum(window_);
  changes_.clear();
  clusters_.clear();
  items_.clear();
}

std::string ScriptedState::items() const {
  std::string text;
  for (const std::string& item : items_) text += (text.empty() ? "" : " ") + item;
  return text;
}

}  // namespace synod::traces
