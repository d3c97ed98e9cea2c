// What is committed: learned in any order, applied in order, kept a while for those who lag.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <synod/event.hpp>
#include <synod/message.hpp>
#include <synod/state_machine.hpp>

#include "protocol/id_table.hpp"
#include "protocol/round_ring.hpp"
#include "protocol/shared.hpp"

namespace synod {

// Invariants: rounds are applied in order and without a hole (8); a round never has two committed
// entries (6); the commit mark passes a round only when the journal durably holds its committed
// entry (H18).
class Learner {
 public:
  Learner(Shared& shared, StateMachine& state, std::uint64_t remembered_rounds)
      : shared_(shared), state_(state), ids_(remembered_rounds) {}

  [[nodiscard]] RoundNum applied() const { return applied_; }
  // Applied, and durably so.
  [[nodiscard]] RoundNum durably_applied() const { return durably_applied_; }
  [[nodiscard]] bool has_state() const { return has_state_; }
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  // The committed entry of `round`, applied or not; null where it is not known or not kept.
  [[nodiscard]] const PlacedEntry* settled(RoundNum round) const;
  // The lowest applied round whose entry is kept, or applied().next() where none is.
  [[nodiscard]] RoundNum retained_from() const { return retained_from_; }
  // Committed entries that wait for a round before them.
  [[nodiscard]] bool has_pending() const { return pending_ > 0; }
  // Beyond the highest round that is known to be committed.
  [[nodiscard]] RoundNum end() const { return log_.end() > applied_ ? log_.end() : applied_.next(); }

  enum class Learned { kNew, kKnown, kTooFar, kContradiction };
  // `held_by` is the sequence of the output with the record that holds the entry; nothing where no
  // acceptance does: then the entry becomes a lazy record.
  [[nodiscard]] Learned learn(const PlacedEntry& placed, std::optional<std::uint64_t> held_by);

  struct Step {
    PlacedEntry placed;
    std::optional<SkipReason> skipped;
    RoundNum repeat_of;
    bool ejected = false;
    std::string reason;
  };
  // Applies the next round, where its entry is known and there is a state.
  [[nodiscard]] std::optional<Step> apply_next();

  // Records up to `sequence` are durable; may let the commit mark rise.
  void written(std::uint64_t sequence);
  // Says how far the journal can be replayed; called once a turn.
  void emit_mark();
  void refresh_gaps();
  [[nodiscard]] const std::vector<GapRange>& gaps() const { return gaps_; }
  void forget_old();

  void drop_state();
  // For how many rounds ids are remembered, as the genesis map says. Requires: nothing is applied.
  void remember(std::uint64_t rounds) {
    if (applied_ == RoundNum(0)) ids_ = IdTable(rounds);
  }
  [[nodiscard]] IdTable& ids() { return ids_; }
  [[nodiscard]] const IdTable& ids() const { return ids_; }
  // Goes on from a snapshot after `round`; `digest` is its log's.
  void restart(RoundNum round, std::uint64_t digest, IdTable ids, bool durable);
  // While the journal is read back, nothing is written; at the end all that was applied is durable.
  void begin_replay() { replaying_ = true; }
  void end_replay();
  // What a checkpoint beside a snapshot of `round` needs: every committed entry above that no
  // acceptance holds, and the mark. False where some of them are not kept any more.
  [[nodiscard]] bool write_anew(RoundNum round, const std::function<bool(RoundNum)>& accepted);

 private:
  struct Slot {
    PlacedEntry placed;
    std::uint64_t held_by = 0;
  };

  [[nodiscard]] std::optional<SkipReason> skip_reason(RoundNum round, const Entry& entry,
                                                      RoundNum& repeat_of) const;

  Shared& shared_;
  StateMachine& state_;
  IdTable ids_;
  RoundRing<Slot> log_;
  RoundNum applied_;
  RoundNum retained_from_ = RoundNum(1);
  std::uint64_t retained_bytes_ = 0;
  std::uint64_t pending_ = 0;
  bool has_state_ = true;
  bool replaying_ = false;
  std::uint64_t digest_ = 0;
  std::vector<GapRange> gaps_;
  bool gaps_stale_ = false;

  // Durability of what was applied.
  std::uint64_t durable_sequence_ = 0;
  RoundNum marked_;           // The last mark handed out.
  // A snapshot that is installed and not saved yet holds marks back: the journal has nothing of the
  // rounds below it.
  bool marks_wait_for_snapshot_ = false;
  std::uint64_t mark_sequence_ = 0;
  RoundNum mark_in_flight_;   // The mark of mark_sequence_.
  RoundNum last_mark_;
  std::uint64_t last_mark_sequence_ = 0;
  RoundNum durably_applied_;
};

}  // namespace synod
