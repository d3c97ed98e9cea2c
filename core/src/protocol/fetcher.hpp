// Learning what others know: ranges of committed entries, and snapshots where those are gone.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <synod/message.hpp>

#include "protocol/shared.hpp"

namespace synod {

// One question at a time. It never touches promises, so anybody may ask anybody. What decorations
// fetch in addition goes out beside it and comes back the same way.
class Fetcher {
 public:
  explicit Fetcher(Shared& shared) : shared_(shared) {}

  // `peer` (0: somebody) is known to have settled every round up to `round`.
  void settled_elsewhere(NodeId peer, RoundNum round);
  // A gap may close by itself: what is on its way gets a moment.
  void gap_below(RoundNum round, NodeId peer = NodeId(0));
  // News came in: no need to ask around for a while.
  void heard();

  // Asks where there is something to ask. `peers` are those to choose from, `applied` where the
  // node is, `missing_to` the highest round that it lacks.
  void settle(RoundNum applied, const std::vector<NodeId>& peers);
  // An answer to a question of this node, or of one of its decorations.
  void on(NodeId from, const Entries& entries);

  // A part of a snapshot that is being fetched; gives it back once it is whole. One of a round
  // before `useful_from` leads nowhere.
  [[nodiscard]] SnapshotPtr on(NodeId from, const SnapshotChunk& chunk, RoundNum useful_from);

  [[nodiscard]] RoundNum known_settled() const { return known_settled_; }
  [[nodiscard]] bool is_behind(RoundNum applied) const { return applied < known_settled_; }
  [[nodiscard]] Timestamp deadline(RoundNum applied) const;

 private:
  void ask(RoundNum applied, const std::vector<NodeId>& peers);
  void ask_around(RoundNum applied, const std::vector<NodeId>& peers);
  [[nodiscard]] NodeId choose(const std::vector<NodeId>& peers);
  void ask_for_chunk();

  struct Download {
    NodeId from;
    RoundNum round;
    std::uint64_t size = 0;
    std::uint64_t checksum = 0;
    Bytes bytes;
  };

  Shared& shared_;
  RoundNum known_settled_;  // Settled somewhere, as far as is known.
  RoundNum gap_below_;
  Timestamp gap_since_ = Timestamp::max();
  NodeId source_;  // Who said so last.
  bool has_peers_ = false;
  bool outstanding_ = false;
  std::uint64_t nonce_ = 0;
  Timestamp ask_again_at_;
  std::uint32_t attempts_ = 0;
  Timestamp ask_around_at_;    // After silence, whether something was missed.
  bool asked_around_ = false;  // So, and nobody answered yet.
  std::optional<Download> download_;
};

}  // namespace synod
