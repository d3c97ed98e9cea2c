// What the protocol's unit tests share: a state that keeps its log, the parts of a replica by
// themselves, and a few whole replicas with a network, disks and a clock that the test moves.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <synod/replica.hpp>

#include "protocol/electorate.hpp"
#include "protocol/learner.hpp"
#include "protocol/shared.hpp"

namespace synod::testing {

// The log itself as a state.
class LogState final : public StateMachine {
 public:
  ApplyResult apply(RoundNum round, const Entry& entry) override;
  void skip(RoundNum round, const Entry& entry, SkipReason reason) override;
  std::shared_ptr<const Cluster> cluster_at(RoundNum round) const override;
  std::uint64_t concurrency() const override { return window; }
  bool save(Bytes& out) const override;
  bool load(std::span<const std::byte> bytes) override;
  void drop() override { applied.clear(); }

  std::vector<std::pair<RoundNum, std::string>> applied;
  std::vector<std::pair<RoundNum, SkipReason>> skipped;
  std::uint64_t window = 64;
  // The clusters from some rounds on; the genesis map's below the first.
  std::map<RoundNum, std::shared_ptr<const Cluster>> clusters;
  bool keeps_log = true;  // Otherwise apply() does nothing, and allocates nothing.
};

// --- Values in short.

[[nodiscard]] inline RoundNum r(std::uint64_t value) { return RoundNum(value); }
[[nodiscard]] inline NodeId n(std::uint64_t value) { return NodeId(value); }
// The incarnation that node `id` has in these tests, unless one says otherwise.
[[nodiscard]] inline Incarnation memory_of(std::uint64_t id) { return Incarnation(100 + id); }
[[nodiscard]] inline CoordNum c(std::uint64_t counter, std::uint64_t proposer = 1) {
  return {counter, NodeId(proposer), memory_of(proposer)};
}
[[nodiscard]] Entry entry(std::uint64_t id, std::string_view text = "x");
[[nodiscard]] inline PlacedEntry placed(std::uint64_t round, CoordNum coord, Entry what) {
  return {RoundNum(round), coord, std::move(what)};
}
[[nodiscard]] Cluster cluster_of(const std::vector<std::uint64_t>& ids);
[[nodiscard]] ElectoratePtr electorate_of(const Cluster& cluster);
[[nodiscard]] inline ElectoratePtr electorate_of(const std::vector<std::uint64_t>& ids) {
  return electorate_of(cluster_of(ids));
}
[[nodiscard]] GenesisMap genesis_of(const std::vector<std::uint64_t>& ids);
[[nodiscard]] ReplicaOptions options_of(std::uint64_t id, const Cluster& founders);

template <class Kind, class Variant>
[[nodiscard]] std::vector<Kind> all_of(const std::vector<Variant>& values) {
  std::vector<Kind> found;
  for (const Variant& value : values) {
    if (const auto* kind = std::get_if<Kind>(&value)) found.push_back(*kind);
  }
  return found;
}
template <class Kind>
[[nodiscard]] std::vector<Kind> all_of(const std::vector<Outgoing>& outgoing) {
  std::vector<Kind> found;
  for (const Outgoing& each : outgoing) {
    if (const auto* kind = std::get_if<Kind>(&each.message)) found.push_back(*kind);
  }
  return found;
}

// --- Parts by themselves.

// What every part needs, for node 1 of {1, 2, 3}.
struct Parts {
  Parts() : Parts({1, 2, 3}) {}
  explicit Parts(const std::vector<std::uint64_t>& ids) : shared(options_of(1, cluster_of(ids))) {}

  // Everything since the last call.
  Output& take() {
    shared.outbox.take(output);
    return output;
  }
  void pass(Duration time) { shared.now = shared.now.after(time); }
  // Settles and applies every round up to `round` with entries of these tests.
  void apply_to(std::uint64_t round);

  Shared shared;
  LogState state;
  Learner learner{shared, state, 1000};
  Output output;
};

// The same, where a quorum founds.
struct QuorumParts : Parts {
  explicit QuorumParts(const std::vector<std::uint64_t>& ids = {1, 2, 3}) : Parts(ids) {
    shared.options.founding = FoundingRule::kQuorum;
  }
};

// --- Whole replicas.

class SwitchedVoter final : public Voter {
 public:
  CandidateVote contemplate_candidate(const Candidacy&) override { return {yea, {}}; }
  bool yea = true;  // To candidates.
};

struct Envelope {
  NodeId from;
  Incarnation incarnation;
  NodeId to;
  Message message;
};

class Nodes {
 public:
  using Adjust = std::function<void(ReplicaOptions&)>;

  struct Write {
    std::vector<Record> records;
    std::vector<Outgoing> after;
    std::uint64_t sequence = 0;  // 0: nothing was written.
    bool checkpoint = false;
  };
  struct Node {
    ReplicaOptions options;
    LogState state;
    SwitchedVoter voter;
    std::unique_ptr<Replica> replica;  // Null while it is down.
    std::vector<Record> disk;
    SnapshotPtr snapshot;
    std::vector<Record> lazy;
    Timestamp lazy_by = Timestamp::max();
    std::deque<Write> writes;  // Handed out and not durable, while the disk is held.
    bool disk_held = false;
    std::vector<Event> events;
    Output output;
    long syncs = 0;
    long turns = 0;
  };

  explicit Nodes(std::size_t count, const Adjust& adjust = {}, std::uint64_t window = 64);

  Node& at(std::uint64_t id) { return *nodes_[static_cast<std::size_t>(id - 1)]; }
  [[nodiscard]] std::size_t count() const { return nodes_.size(); }
  [[nodiscard]] ReplicaView view(std::uint64_t id) { return at(id).replica->view(); }
  [[nodiscard]] Timestamp now() const { return now_; }

  // Takes what the node has to say; writes and sends it.
  void turn(std::uint64_t id);
  void step(std::uint64_t id, Input input);
  void deliver(std::uint64_t from, std::uint64_t to, Message message);
  // Delivers until nothing is on its way; time stands still.
  void drain();
  // Lets time pass, delivering and ticking.
  void run(Duration time);
  bool run_until(const std::function<bool()>& done, Duration longest = std::chrono::seconds(5));
  void append(std::uint64_t id, std::uint64_t entry_id, std::string_view text);
  // Its disk stays; what was not durable is gone.
  void crash(std::uint64_t id);
  void start(std::uint64_t id);
  void release_disk(std::uint64_t id);

  // All traffic of the node is lost, both ways, until reconnect().
  void cut_off(std::uint64_t id);
  void reconnect() { lost = {}; }

  // Whether `text` was applied at the node.
  [[nodiscard]] bool has(std::uint64_t id, std::string_view text);
  // No two nodes applied different entries in one round.
  [[nodiscard]] bool agree();

  // True: the message is lost.
  std::function<bool(const Envelope&)> lost;
  long messages = 0;
  std::map<std::string, long> kinds;

 private:
  void send(Node& node, std::vector<Outgoing>& outgoing);
  void write(Node& node);
  void finish(Node& node, Write write);

  std::vector<std::unique_ptr<Node>> nodes_;
  std::deque<Envelope> network_;
  Timestamp now_;
};

}  // namespace synod::testing
