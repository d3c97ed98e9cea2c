// File: checker.hpp
//
// Watches a cluster from outside and says when an invariant of docs/protocol.md is broken. It
// trusts what disks hold durably and what clients were told, never what a node believes. It can be
// driven by hand, which is how its own tests show that every check bites.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <synod/append.hpp>
#include <synod/cluster.hpp>
#include <synod/entry.hpp>
#include <synod/message.hpp>
#include <synod/record.hpp>
#include <synod/state_machine.hpp>
#include <synod/types.hpp>

namespace synod::simulation {

// What a client can say about an append that ended without success.
enum class ClientView : std::uint8_t { kUnknown, kDidNotHappen };

class Checker {
 public:
  // Hears of each choice and each violation at the moment at which it happens; null: nobody.
  struct Listener {
    std::function<void(const PlacedEntry&, const std::vector<NodeId>& by)> chosen;
    std::function<void(const std::string& text)> violation;
  };

  // `cluster` counts in every round for which no state says otherwise.
  explicit Checker(Cluster cluster)
      : cluster_(std::make_shared<const Cluster>(std::move(cluster))) {}

  void listen(Listener listener) { listener_ = std::move(listener); }

  // --- The disks --------------------------------------------------------------------------------
  // `record` of `node`'s memory `incarnation` is durable, in the order of its journal. `rewritten`:
  // it is one of a checkpoint and repeats what was durable before.
  void on_durable(NodeId node, Incarnation incarnation, const Record& record,
                  bool rewritten = false);
  // A start of `node` found `records` intact.
  void on_loaded(NodeId node, Incarnation incarnation, const std::vector<Record>& records);
  // All up to `round` is in a snapshot that is durable, and so is what this node needs beyond it.
  void on_checkpoint(NodeId node, Incarnation incarnation, RoundNum round);
  // An earlier copy of the node's memory was put in the place of the present one.
  void on_rolled_back(NodeId node);
  // Which memory of a member counts at first; kReadmit entries change it.
  void on_genesis(const GenesisMap& map);

  // --- The state machines -----------------------------------------------------------------------
  void on_started(NodeId node);  // A new life, with its initial state.
  // `concurrency`: the state's, after the round before.
  void on_applied(NodeId node, RoundNum round, const Entry& entry,
                  std::optional<SkipReason> skipped, std::uint64_t concurrency = 1);
  // The state is replaced by a snapshot's; which round that is, on_installed() says, maybe only
  // after the next applies.
  void on_state_loaded(NodeId node);
  void on_installed(NodeId node, RoundNum round);
  void on_digest(NodeId node, RoundNum applied, std::uint64_t digest);
  // Null: the cluster that was given in the beginning.
  void on_cluster(NodeId node, RoundNum round, std::shared_ptr<const Cluster> cluster);
  // `node` says that it may be stopped for good.
  void on_removal_complete(NodeId node, RoundNum boundary);

  // --- What nodes tell each other ---------------------------------------------------------------
  // `message` left `node`, or has arrived: whatever it votes for is durable there.
  void on_vote(NodeId node, Incarnation incarnation, const Message& message);

  // --- The clients ------------------------------------------------------------------------------
  void on_append(const EntryId& id);
  void on_acknowledged(const EntryId& id, RoundNum round);
  void on_failed(const EntryId& id, ClientView view);
  // The bound that a read that begins now must see.
  [[nodiscard]] RoundNum read_begins() const { return acknowledged_to_; }
  void on_read(NodeId node, RoundNum bound, RoundNum applied);

  // --- Who is needed ----------------------------------------------------------------------------
  // The cluster of the highest round of which any is known.
  [[nodiscard]] const Cluster& newest_cluster() const;
  // Of the lowest round that nobody applied.
  [[nodiscard]] const Cluster& next_cluster() const { return cluster_at(settled_to().next()); }
  // Whether it is a member in any round that nobody applied and of which the cluster is known.
  [[nodiscard]] bool is_needed(NodeId node) const;
  // The memory of `node` that counts in that round; max() where nothing is known, 0 for none.
  [[nodiscard]] Incarnation next_incarnation(NodeId node) const {
    return incarnation_at(node, settled_to().next());
  }
  // The last memory of `node` that was chosen.
  [[nodiscard]] Incarnation last_chosen(NodeId node) const {
    return incarnation_at(node, RoundNum::max());
  }
  // Whether these memories can carry on alone: form quorums of both phases in every round above
  // what one of them holds durably, as far as clusters are known.
  using Memories = std::map<NodeId, Incarnation>;
  [[nodiscard]] bool can_carry_on(const Memories& memories) const {
    return what_stops(memories).empty();
  }
  // Whether those of them that were chosen last form all quorums of `cluster`.
  [[nodiscard]] bool form_quorums(const Cluster& cluster, const Memories& memories) const;
  // Why they cannot; empty where they can.
  [[nodiscard]] std::string what_stops(const Memories& memories) const;

  // What a node found out by itself (Violation), or anything else that is wrong.
  void violation(const std::string& invariant, const std::string& text);

  // Once all is quiet: what was acknowledged is there, what did not happen is not.
  void finish();

  [[nodiscard]] bool ok() const { return violations_.empty(); }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  // The highest round that any node ever applied.
  [[nodiscard]] RoundNum settled_to() const;
  // The round in which `id` took effect; 0: none.
  [[nodiscard]] RoundNum effect_of(const EntryId& id) const;
  [[nodiscard]] std::uint64_t rounds_chosen() const { return rounds_chosen_; }

 private:
  // What was accepted durably in one round at one number.
  struct Accepted {
    CoordNum coord;
    std::uint64_t entry = 0;  // Its fingerprint.
    std::vector<NodeId> by;
  };
  struct Round {
    std::vector<Accepted> accepted;
    std::uint64_t chosen = 0;
    std::uint64_t applied = 0;
    EntryId id;
    std::optional<SkipReason> skipped;
    std::optional<std::uint64_t> digest;
    std::shared_ptr<const Cluster> cluster;
  };
  struct Node {
    RoundNum applied;
    bool knows_applied = true;  // Otherwise: above what it was before the state was loaded.
    // By incarnation: the greatest number durably promised, and what is durably applied.
    std::map<Incarnation, CoordNum> promised;
    std::map<Incarnation, RoundNum> durable_to;
    // Up to where that memory holds everything; 0 where nothing is known of it.
    [[nodiscard]] RoundNum held_by(Incarnation memory) const {
      const auto it = durable_to.find(memory);
      return it == durable_to.end() ? RoundNum(0) : it->second;
    }
  };
  struct Client {
    RoundNum acknowledged;
    bool did_not_happen = false;
    bool appended_again = false;
  };

  // From a round on, another memory of a node counts.
  struct Change {
    NodeId node;
    RoundNum from;
    Incarnation incarnation;
  };

  Round& at(RoundNum round);
  [[nodiscard]] bool holds(NodeId node, Incarnation incarnation, RoundNum round,
                           const CoordNum& coord);
  void readmit(const Entry& entry, RoundNum from);
  void promise(NodeId node, Incarnation incarnation, const CoordNum& coord, bool rewritten);
  void vote_on_genesis(NodeId node, const GenesisVoteRecord& vote, bool rewritten);
  void accept(NodeId node, Incarnation incarnation, const PlacedEntry& placed);
  void check_mandate(const PlacedEntry& placed);
  [[nodiscard]] const Cluster& cluster_at(RoundNum round) const;
  // Whether `has` is true of so much of the round's acceptors that they are a quorum.
  template <class Has>
  [[nodiscard]] bool is_quorum(const Cluster& cluster, std::uint64_t stated, Has has) const;
  // Max() where nothing is known yet.
  [[nodiscard]] Incarnation incarnation_at(NodeId node, RoundNum round) const;
  [[nodiscard]] bool is_chosen(const Cluster& cluster, const Accepted& accepted) const;

  // Who durably promised or accepted at one number.
  using Promisers = std::vector<std::pair<NodeId, Incarnation>>;

  Listener listener_;
  std::shared_ptr<const Cluster> cluster_;
  std::map<CoordNum, Promisers> promisers_;
  RoundNum clusters_to_;  // The highest round of which a cluster is known.
  std::optional<GenesisMap> genesis_;
  // Where a quorum founds: what the founders promised and accepted about the map.
  struct GenesisAccepted {
    GenesisMap map;
    Accepted votes;
  };
  std::map<NodeId, CoordNum> genesis_promised_;
  std::map<CoordNum, GenesisAccepted> genesis_accepted_;
  std::vector<Change> changes_;  // In the order of the log.
  std::vector<Round> rounds_;
  std::map<NodeId, Node> nodes_;
  std::map<EntryId, Client> clients_;
  std::map<EntryId, RoundNum> effects_;
  RoundNum acknowledged_to_;
  std::uint64_t rounds_chosen_ = 0;
  std::vector<std::string> violations_;
};

// Same kind, id, expiry, tag and payload give the same number.
[[nodiscard]] std::uint64_t fingerprint(const Entry& entry);

}  // namespace synod::simulation
