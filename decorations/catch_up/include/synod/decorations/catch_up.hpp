// File: decorations/catch_up.hpp
//
// Brings a node that fell behind up to the others, fast.
#pragma once

#include <vector>

#include <synod/decoration.hpp>

namespace synod {

// Fetches what the node missed in ranges of bounded size, several in flight, over different peers,
// each with a time-out. Where no peer has a range any more, the replica itself goes over to a
// snapshot as soon as a peer says so; this decoration then waits and goes on above it.
class CatchUp final : public Decoration {
 public:
  struct Options {
    std::uint64_t range_rounds = 1024;  // What one fetch asks for at the most.
    std::uint32_t in_flight_max = 4;    // Fetches without an answer.
    // A fetch without an answer is given to another peer after this.
    Duration timeout = std::chrono::milliseconds(500);
    // A node that lags and knows of nobody who is ahead asks around this often.
    Duration ask_interval = std::chrono::milliseconds(1000);
    // Rounds that may be missing for this long before anything is done: ordinary messages that
    // overtake each other close such gaps by themselves.
    Duration patience = std::chrono::milliseconds(50);
    // Nodes to ask beside the members.
    std::vector<NodeId> additional_peers = {};
  };

  CatchUp() : CatchUp(Options{}) {}
  explicit CatchUp(Options options) : options_(std::move(options)) {}

  [[nodiscard]] std::uint64_t fetches() const { return fetches_; }

  [[nodiscard]] std::string_view name() const override { return "catch_up"; }
  void on_start(DecorationContext& context) override;
  void on_event(DecorationContext& context, const Event& event) override;
  [[nodiscard]] Timestamp deadline() const override { return due_; }
  void on_deadline(DecorationContext& context) override;

 private:
  struct Peer {
    NodeId id;
    RoundNum settled_to;
    RoundNum retained_from;
    Timestamp shunned_until;  // It let a fetch time out.
  };
  struct Range {
    NodeId peer;
    RoundNum first;  // As it was asked for.
    RoundNum next;  // The lowest round of it that is not known to be here.
    RoundNum last;
    Timestamp expires;
    bool answered = false;
  };

  void on(DecorationContext& context, const PeerProgress& progress);
  void on(DecorationContext& context, const Gaps& gaps);
  void on_committed(RoundNum round);
  void wake(Timestamp at);
  void refresh_peers(const ReplicaView& view);
  void drop_finished(Timestamp now);
  void start_ranges(DecorationContext& context, const ReplicaView& view);
  void ask_around(DecorationContext& context, const ReplicaView& view);
  [[nodiscard]] bool out_of_patience(Timestamp now);
  [[nodiscard]] Peer* find(NodeId id);
  [[nodiscard]] Peer* choose(RoundNum first, Timestamp now);
  void fetch(DecorationContext& context, Peer& peer, RoundNum first, RoundNum last);

  Options options_;
  std::vector<Peer> peers_;    // By ascending id.
  std::vector<Range> ranges_;  // By ascending rounds.
  RoundNum applied_;
  RoundNum target_;            // The highest round that somebody is known to have settled.
  bool lagging_ = false;
  std::size_t turn_ = 0;       // Whose turn it is to be asked.
  bool engaged_ = false;       // Patience is over.
  Timestamp behind_since_ = Timestamp::max();
  RoundNum behind_target_;     // What was missing then.
  Timestamp snapshot_until_;   // A peer was asked for what it has dropped: a snapshot may be coming.
  Timestamp ask_at_ = Timestamp::max();
  Timestamp due_ = Timestamp::max();
  std::uint64_t fetches_ = 0;
};

}  // namespace synod
