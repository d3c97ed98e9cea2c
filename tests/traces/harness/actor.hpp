// One node of a story: a bare Replica, a disk that obeys, a voter that says what it is told to say.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <synod/replica.hpp>
#include <synod/simulation/checker.hpp>
#include <synod/simulation/timeline.hpp>

#include "traces/harness/backup.hpp"
#include "traces/harness/scripted_state.hpp"

namespace synod::traces {

enum class Opinion { kYes, kNay, kAbstain };

class ScriptedVoter final : public Voter {
 public:
  CandidateVote contemplate_candidate(const Candidacy&) override;
  ProposalVote contemplate_proposal(const Proposal&) override;
  Opinion opinion = Opinion::kYes;
};

// What the whole cast of a story has in common.
struct Casting {
  Cluster cluster;  // The founders.
  std::uint64_t window = 1;
  ReplicaOptions options;  // Id, incarnation and seed are filled in.
  bool founded = true;     // The genesis is complete and durable before the story begins.
  std::map<NodeId, FoundingRule> foundings = {};  // Of founders that were given one.
};

class Actor {
 public:
  Actor(NodeId id, const Casting& casting, simulation::Checker& checker);

  // Gets what happens on its disk; null: nobody looks.
  void set_timeline(std::function<void(simulation::Moment)> tell) { tell_ = std::move(tell); }

  // With what its disk holds.
  void start(Timestamp now);
  // Loses what is not durable.
  void crash();
  // The disk as well; a node that starts again has a new memory.
  void wipe();
  // Keeps a copy of what is durable.
  void back_up() { backup_.emplace(durable_, saved_); }
  // Puts it back in the place of what is there, and says what a start makes of it. Requires: there
  // is one.
  std::string put_back(Return how);
  [[nodiscard]] bool has_backup() const { return backup_.has_value(); }

  [[nodiscard]] NodeId id() const { return id_; }
  [[nodiscard]] char letter() const { return letter_of(id_); }
  [[nodiscard]] bool up() const { return replica_ != nullptr; }
  [[nodiscard]] Incarnation incarnation() const { return incarnation_; }
  [[nodiscard]] const ScriptedState& state() const { return *state_; }
  [[nodiscard]] Replica& replica() { return *replica_; }
  ScriptedVoter& voter() { return voter_; }

  void step(Timestamp now, Input input) { replica_->step(now, std::move(input)); }
  // Moves everything that may leave now into `messages` and `events`.
  void take(std::vector<Outgoing>& messages, std::vector<Event>& events);
  // With a slow disk nothing becomes durable but by write().
  void set_slow(bool slow) { slow_ = slow; }
  [[nodiscard]] bool slow() const { return slow_; }
  // Makes the oldest pending batch durable and tells the replica; false where there is none. Its
  // records are described in `lines`.
  bool write(Timestamp now, std::vector<std::string>& lines);
  [[nodiscard]] bool has_pending() const { return !pending_.empty(); }
  void save(SnapshotPtr snapshot) { saved_ = std::move(snapshot); }
  [[nodiscard]] SnapshotPtr last_snapshot() const { return last_snapshot_; }
  void remember_snapshot(SnapshotPtr snapshot) { last_snapshot_ = std::move(snapshot); }

 private:
  struct Batch {
    std::vector<Record> records = {};
    std::vector<Outgoing> after = {};
    std::uint64_t sequence = 0;
    bool checkpoint = false;
  };
  void found();
  void tell(const Record& record, bool durable) const;

  NodeId id_;
  const Casting& casting_;
  simulation::Checker& checker_;
  std::function<void(simulation::Moment)> tell_;
  Incarnation incarnation_;
  std::uint64_t lives_ = 0;
  std::unique_ptr<ScriptedState> state_;
  ScriptedVoter voter_;
  std::unique_ptr<Replica> replica_;
  std::vector<Record> durable_;
  SnapshotPtr saved_;
  SnapshotPtr last_snapshot_;
  std::optional<Backup> backup_;
  bool put_back_ = false;  // Nobody vouches for what is durable now.
  std::deque<Batch> pending_;
  std::vector<Outgoing> released_;
  std::vector<Record> lazy_;
  std::uint64_t last_sequence_ = 0;
  bool slow_ = false;
};

}  // namespace synod::traces
