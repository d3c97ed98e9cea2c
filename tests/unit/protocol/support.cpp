#include "unit/protocol/support.hpp"

#include <algorithm>

namespace synod::testing {

ApplyResult LogState::apply(RoundNum round, const Entry& entry) {
  if (keeps_log) applied.emplace_back(round, std::string(entry.payload.text()));
  if (entry.payload.text() == "eject") return {true, "asked for"};
  return {};
}

void LogState::skip(RoundNum round, const Entry& /*entry*/, SkipReason reason) {
  if (keeps_log) skipped.emplace_back(round, reason);
}

std::shared_ptr<const Cluster> LogState::cluster_at(RoundNum round) const {
  const auto above = clusters.upper_bound(round);
  return above == clusters.begin() ? nullptr : std::prev(above)->second;
}

bool LogState::save(Bytes& out) const {
  ByteWriter writer(out);
  writer.varint(applied.size());
  for (const auto& [round, text] : applied) {
    writer.varint(round.value());
    writer.text(text);
  }
  return true;
}

bool LogState::load(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  applied.clear();
  const std::size_t count = reader.count(1u << 20, 2);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    const RoundNum round(reader.varint());
    applied.emplace_back(round, std::string(reader.text(1u << 20)));
  }
  return reader.done();
}

Entry entry(std::uint64_t id, std::string_view text) {
  Entry entry;
  entry.id = {1, id};
  entry.kind = EntryKind::kState;
  entry.payload = Payload::copy_of(text);
  return entry;
}

Cluster cluster_of(const std::vector<std::uint64_t>& ids) {
  Cluster cluster;
  for (const std::uint64_t id : ids) cluster.members.push_back({.id = NodeId(id)});
  return cluster;
}

ElectoratePtr electorate_of(const Cluster& cluster) {
  return std::make_shared<const Electorate>(std::make_shared<const Cluster>(cluster),
                                            [](NodeId id) { return memory_of(id.value()); });
}

GenesisMap genesis_of(const std::vector<std::uint64_t>& ids) {
  GenesisMap map;
  for (const std::uint64_t id : ids) map.members.push_back({{.id = NodeId(id)}, memory_of(id)});
  return map;
}

ReplicaOptions options_of(std::uint64_t id, const Cluster& founders) {
  ReplicaOptions options;
  options.id = NodeId(id);
  options.incarnation = memory_of(id);
  options.founders = founders;
  options.found_alone = true;
  options.seed = id;
  return options;
}

void Parts::apply_to(std::uint64_t round) {
  while (learner.applied() < RoundNum(round)) {
    const std::uint64_t next = learner.applied().next().value();
    (void)learner.learn(placed(next, c(1), entry(1'000'000 + next)), 0);
    (void)learner.apply_next();
  }
}

// --- Nodes ---------------------------------------------------------------------------------------

Nodes::Nodes(std::size_t count, const Adjust& adjust, std::uint64_t window) {
  std::vector<std::uint64_t> ids;
  for (std::size_t i = 1; i <= count; ++i) ids.push_back(i);
  for (const std::uint64_t id : ids) {
    nodes_.push_back(std::make_unique<Node>());
    at(id).options = options_of(id, cluster_of(ids));
    at(id).state.window = window;
    if (adjust) adjust(at(id).options);
    start(id);
  }
  run(std::chrono::milliseconds(300));
}

void Nodes::start(std::uint64_t id) {
  Node& node = at(id);
  node.state.applied.clear();
  node.replica = std::make_unique<Replica>(node.options, node.state, node.voter,
                                           Recovered{node.disk, node.snapshot}, now_);
}

void Nodes::crash(std::uint64_t id) {
  Node& node = at(id);
  node.replica.reset();
  node.lazy.clear();
  node.lazy_by = Timestamp::max();
  node.writes.clear();
  node.disk_held = false;
  std::erase_if(network_, [&](const Envelope& each) { return each.to == NodeId(id); });
}

void Nodes::send(Node& node, std::vector<Outgoing>& outgoing) {
  for (Outgoing& each : outgoing) {
    for (const NodeId to : each.to) {
      ++messages;
      ++kinds[std::string(kind_of(each.message))];
      network_.push_back({node.options.id, node.options.incarnation, to, each.message});
    }
  }
}

void Nodes::finish(Node& node, Write write) {
  if (write.checkpoint) node.disk.clear();
  node.disk.insert(node.disk.end(), write.records.begin(), write.records.end());
  send(node, write.after);
  if (write.sequence != 0) node.replica->step(now_, Written{write.sequence});
}

void Nodes::write(Node& node) {
  Output& out = node.output;
  node.lazy.insert(node.lazy.end(), out.lazy_records.begin(), out.lazy_records.end());
  node.lazy_by = std::min(node.lazy_by, out.write_lazy_by);
  const bool lazy_due = !node.lazy.empty() && node.lazy_by <= now_;
  if (out.records.empty() && out.after_records.empty() && !lazy_due) return;
  Write write;
  if (!out.records.empty() || lazy_due) {
    ++node.syncs;
    if (!out.checkpoint) write.records = std::exchange(node.lazy, {});
    node.lazy.clear();
    node.lazy_by = Timestamp::max();
    write.sequence = out.sequence;
  }
  write.records.insert(write.records.end(), out.records.begin(), out.records.end());
  write.after = std::move(out.after_records);
  write.checkpoint = out.checkpoint;
  if (node.disk_held) {
    node.writes.push_back(std::move(write));
  } else {
    finish(node, std::move(write));
  }
}

void Nodes::turn(std::uint64_t id) {
  Node& node = at(id);
  if (node.replica == nullptr) return;
  for (int again = 0; again < 8; ++again) {
    node.replica->take_output(node.output);
    ++node.turns;
    Output& out = node.output;
    for (const Event& event : out.events) {
      if (const auto* taken = std::get_if<SnapshotTaken>(&event); taken && taken->snapshot) {
        node.snapshot = taken->snapshot;
        node.replica->step(now_, SnapshotSaved{taken->snapshot->round});
      }
      node.events.push_back(event);
    }
    send(node, out.messages);
    const bool quiet = out.records.empty() && out.events.empty() && out.after_records.empty();
    write(node);
    node.replica->check_invariants();
    if (quiet) return;
  }
}

void Nodes::release_disk(std::uint64_t id) {
  Node& node = at(id);
  node.disk_held = false;
  for (Write& write : std::exchange(node.writes, {})) finish(node, std::move(write));
  turn(id);
}

void Nodes::step(std::uint64_t id, Input input) { at(id).replica->step(now_, std::move(input)); }

void Nodes::deliver(std::uint64_t from, std::uint64_t to, Message message) {
  step(to, Deliver{NodeId(from), at(from).options.incarnation, std::move(message)});
  turn(to);
}

void Nodes::drain() {
  for (std::uint64_t id = 1; id <= count(); ++id) turn(id);
  while (!network_.empty()) {
    const Envelope next = std::move(network_.front());
    network_.pop_front();
    if (lost && lost(next)) continue;
    const std::uint64_t to = next.to.value();
    if (to == 0 || to > count() || at(to).replica == nullptr) continue;
    step(to, Deliver{next.from, next.incarnation, next.message});
    turn(to);
  }
}

void Nodes::run(Duration time) {
  const Timestamp end = now_.after(time);
  drain();
  while (now_ < end) {
    Timestamp next = end;
    for (const auto& node : nodes_) {
      if (node->replica == nullptr) continue;
      next = std::min({next, node->replica->deadline(), node->lazy_by});
    }
    now_ = std::max(now_, next);
    for (std::uint64_t id = 1; id <= count(); ++id) {
      if (at(id).replica != nullptr) step(id, Tick{});
    }
    drain();
  }
}

bool Nodes::run_until(const std::function<bool()>& done, Duration longest) {
  const Timestamp end = now_.after(longest);
  while (!done() && now_ < end) run(std::chrono::milliseconds(5));
  return done();
}

void Nodes::append(std::uint64_t id, std::uint64_t entry_id, std::string_view text) {
  Append append;
  append.entry = entry(entry_id, text);
  step(id, std::move(append));
}

void Nodes::cut_off(std::uint64_t id) {
  lost = [id](const Envelope& each) { return each.from == NodeId(id) || each.to == NodeId(id); };
}

bool Nodes::has(std::uint64_t id, std::string_view text) {
  const auto& log = at(id).state.applied;
  return std::any_of(log.begin(), log.end(), [&](const auto& each) { return each.second == text; });
}

bool Nodes::agree() {
  std::map<RoundNum, std::string> known;
  for (const auto& node : nodes_) {
    for (const auto& [round, text] : node->state.applied) {
      if (known.emplace(round, text).first->second != text) return false;
    }
  }
  return true;
}

}  // namespace synod::testing
