// The inside of a Replica: its parts, and the routes between them.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <synod/replica.hpp>

#include "protocol/acceptor.hpp"
#include "protocol/election.hpp"
#include "protocol/fetcher.hpp"
#include "protocol/founding.hpp"
#include "protocol/learner.hpp"
#include "protocol/membership.hpp"
#include "protocol/proposer.hpp"
#include "protocol/readmission.hpp"
#include "protocol/reads.hpp"
#include "protocol/shared.hpp"
#include "protocol/witness.hpp"

namespace synod {

// step() routes one input to the part that it concerns; settle(), once a turn, does what follows:
// apply what is contiguous, campaign where somebody waits, propose, read, fetch, tell.
class Replica::Implementation {
 public:
  Implementation(const ReplicaOptions& options, StateMachine& state, Voter& voter,
                 Recovered recovered, Timestamp now);

  void step(Timestamp now, Input input);
  void take_output(Output& output);
  [[nodiscard]] Timestamp deadline() const;
  [[nodiscard]] ReplicaView view() const;
  [[nodiscard]] std::string describe() const;
  void check_invariants() const;

 private:
  using From = std::pair<NodeId, Incarnation>;

  // replica.cpp: inputs.
  void on(Deliver deliver);
  void on(Append append);
  void on(const Read& read);
  void on(const FetchRange& range);
  void on(const Written& written);
  void on(const StorageTrouble& trouble);
  void on(const TakeSnapshot& take);
  void on(const InstallSnapshot& install);
  void on(const SnapshotSaved& saved);
  void on(const Eject& eject);
  void on(const ShutDown& shut_down);
  void on(const Tick& tick);
  void settle();
  void tick();
  [[nodiscard]] std::optional<AppendErrorKind> append_refusal(const Append& append) const;
  void fail(const EntryId& id, AppendErrorKind kind, Fate fate);

  // replica_voting.cpp: phases 1 and 2.
  void on(From from, const Prepare& prepare);
  void on(From from, const Promise& promise);
  void on(From from, const Conflict& conflict);
  void on(From from, const Abstention& abstention);
  void on(From from, const Propose& propose);
  void on(From from, const Acceptance& acceptance);
  void on(From from, const Rejection& rejection);
  void on(From from, const LeadershipRequest& request);
  void consider_campaign();
  [[nodiscard]] bool renews() const;
  void campaign();
  void conclude(Election::Verdict verdict);
  void propose();
  void vote_for_own(Proposer::Batch& batch);
  void count_own_votes(std::uint64_t sequence);
  [[nodiscard]] bool catches_up() const;
  void resign(const CoordNum& to, AppendErrorKind kind);
  void directive(DirectiveKind kind, RoundNum round, CoordNum coord, Duration quorum_age);
  [[nodiscard]] bool leader_seems_alive() const;
  [[nodiscard]] bool wants_to_lead() const;

  // replica_learning.cpp: commits, learning, snapshots, reads.
  void on(From from, const Commit& commit);
  void on(From from, const Fetch& fetch);
  void on(From from, const Entries& entries);
  void on(From from, const SnapshotRequest& request);
  struct Served {
    SnapshotPtr snapshot;
    std::uint64_t checksum;
    Timestamp asked_at;
  };
  [[nodiscard]] const Served* served_for(const SnapshotRequest& request);
  void forget_unasked_snapshots();
  void on(From from, const SnapshotChunk& chunk);
  void on(From from, const ReadQuery& query);
  void on(From from, const ReadAnswer& answer);
  void commit(const PlacedEntry& placed, NodeId told_by);
  void take_accepted_for_committed();
  void commit_by_id(const CommitRun& run, NodeId told_by);
  void apply_ready();
  [[nodiscard]] bool extend_window();
  void apply_readmit(const PlacedEntry& placed);
  void eject(const std::string& reason);
  [[nodiscard]] SnapshotPtr make_snapshot();
  void install(const Snapshot& snapshot, bool from_storage);
  [[nodiscard]] RoundNum useful_snapshot_from() const;
  void write_checkpoint();
  void settle_reads();
  void ask_to_settle(RoundNum round);
  void asked_to_settle(RoundNum round);
  [[nodiscard]] bool must_settle() const {
    return asked_to_settle_ > learner_.applied() && shared_.now < asked_until_;
  }
  [[nodiscard]] RoundNum untouched_from() const;
  void replay(Recovered recovered);
  void replay_record(const Record& record);

  // replica_standing.cpp: who this node is to the others.
  void on(From from, const GenesisNote& note) { on_founding(from, note); }
  void on(From from, const GenesisPrepare& prepare) { on_founding(from, prepare); }
  void on(From from, const GenesisPromise& promise) { on_founding(from, promise); }
  void on(From from, const GenesisPropose& propose) { on_founding(from, propose); }
  void on(From from, const GenesisAcceptance& acceptance) { on_founding(from, acceptance); }
  void on(From from, const GenesisConflict& conflict) { on_founding(from, conflict); }
  template <class Message>
  void on_founding(From from, const Message& message);
  void on(From from, const Announcement& announcement);
  void on(From from, const Challenge& challenge);
  void on(From from, const Vouch& vouch);
  void on(From /*from*/, const Note& /*note*/) {}  // The runner's: it never comes here.
  void found();
  [[nodiscard]] bool is_superseded() const;
  void update_participation();
  [[nodiscard]] bool takes_itself_for_alive() const;
  void note_seen_commit(RoundNum round, const CoordNum& coord);
  void update_standing();
  void note_incarnation(From from);
  void watch_removal();
  [[nodiscard]] bool seeks_admission() const;
  void seek_admission();
  void admit_others();
  [[nodiscard]] bool may_vote() const { return participation_ == Participation::kActive; }
  [[nodiscard]] bool may_campaign() const;
  [[nodiscard]] Standing standing() const;
  // Whom to ask for what is known; looked up anew only when the electorates change.
  [[nodiscard]] const std::vector<NodeId>& peers();
  [[nodiscard]] std::vector<NodeId> find_peers() const;
  [[nodiscard]] std::uint64_t concurrency() const;
  [[nodiscard]] RoundNum window_end() const;
  void violate(std::string text);

  Shared shared_;
  StateMachine& state_;
  Voter& voter_;
  Membership membership_;
  Learner learner_;
  Acceptor acceptor_;
  Election election_;
  Proposer proposer_;
  Reads reads_;
  Fetcher fetcher_;
  Founding founding_;
  Readmission readmission_;
  Witness witness_;

  // Own votes that count once the record behind them is durable: the one rule.
  struct OwnVote {
    std::uint64_t sequence;
    std::variant<Promise, Acceptance> vote;
  };
  std::deque<OwnVote> own_votes_;

  // Standing and participation.
  Standing standing_ = Standing::kDisoriented;
  Participation participation_ = Participation::kPassive;
  PassiveReason passive_reason_ = PassiveReason::kGenesis;
  std::string passive_detail_;
  std::optional<RoundNum> admitted_from_;  // Recorded: this incarnation votes from here on.
  std::uint64_t admission_sequence_ = 0;   // Until the record is durable.
  bool storage_trouble_ = false;
  std::set<NodeId> lost_memories_;  // Members that speak with another incarnation.
  ElectoratePtr losses_of_;
  std::size_t losses_lost_ = 0;
  int losses_stood_ = 0;
  RoundNum highest_seen_;
  bool halted_ = false;
  bool shut_down_ = false;

  std::vector<NodeId> peers_;
  std::optional<std::uint64_t> peers_version_;

  // The leader, as far as it shows itself.
  CoordNum leader_coord_;
  Timestamp leader_heard_at_;
  bool leader_heard_ = false;

  // A leader that lacks rounds below its mandate: how far it was, and since when.
  RoundNum lacking_at_;
  Timestamp lacking_since_;

  // Settling on request.
  RoundNum asked_to_settle_;
  Timestamp asked_until_;  // Whoever still wants it asks again before that.
  Timestamp ask_to_lead_at_;

  // Snapshots.
  SnapshotPtr snapshot_;  // The last one taken or installed here.
  // Those that others fetch from here, each for as long as somebody asks for it: with the newest
  // alone, whoever fetches slowly would begin anew as often as another one begins.
  std::vector<Served> served_;
  std::optional<RoundNum> checkpoint_wanted_;
  RoundNum replayed_mark_;  // While the journal is read back.

  // Removal (H20).
  struct Removal {
    RoundNum boundary;
    ElectoratePtr successors;
    AcceptorSet durable = 0;
    Timestamp ask_at;
  };
  std::optional<Removal> removal_;
  bool was_member_ = false;

  // For mutants alone: proposals, whether one met its commit, and who challenged this node.
  std::map<RoundNum, CoordNum> seen_proposals_;
  bool saw_a_commit_ = false;
  std::set<NodeId> challengers_;

  // For check_invariants(): what may never fall.
  mutable CoordNum checked_promise_;
  mutable RoundNum checked_applied_;
};

template <class Message>
void Replica::Implementation::on_founding(From from, const Message& message) {
  founding_.on(from.first, from.second, message);
  if (!founding_.violation().empty()) return violate(founding_.violation());
  found();
}

}  // namespace synod
