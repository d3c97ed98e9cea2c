// One bid for leadership: phase 1, from its Prepare to a mandate or to giving up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <synod/append.hpp>
#include <synod/message.hpp>

#include "protocol/mandate.hpp"
#include "protocol/shared.hpp"

namespace synod {

// At most one bid at a time (H7). One tally of ids, which ends when it is won or cannot be won; one
// conflict is not a veto.
class Election {
 public:
  explicit Election(Shared& shared) : shared_(shared) {}

  enum class Verdict { kOpen, kWon, kLost, kContradiction };

  [[nodiscard]] bool is_running() const { return running_; }
  [[nodiscard]] CoordNum coord() const { return mandate_.coord(); }
  // Whether a new bid may begin: not while one runs, nor before the pause after a lost one is over.
  [[nodiscard]] bool may_start() const { return !running_ && shared_.now >= not_before_; }
  [[nodiscard]] Timestamp may_start_at() const { return not_before_; }
  [[nodiscard]] Timestamp asked_at() const { return asked_at_; }
  // Begins a bid for `round` and everything after it; the Prepare leaves after the records so far.
  void start(CoordNum coord, RoundNum round, ElectoratePtr electorate);
  Verdict on(NodeId from, Incarnation incarnation, const Promise& promise);
  Verdict on(NodeId from, Incarnation incarnation, const Conflict& conflict);
  Verdict on(NodeId from, Incarnation incarnation, const Abstention& abstention);
  // Asks again, or gives up when the time is over.
  Verdict tick();
  [[nodiscard]] Timestamp deadline() const;

  // After kWon.
  [[nodiscard]] Mandate take_mandate();
  // Ends the bid; the next one has to wait a while, longer each time.
  void lose();
  // Ends the bid without a pause.
  void stop() { running_ = false; }
  // A mandate worked: the pauses start over.
  void forgive() { losses_ = 0; }
  // Why the bid was lost.
  [[nodiscard]] AppendError error() const;

 private:
  [[nodiscard]] Verdict verdict() const;
  Verdict refused(AcceptorSet by, NodeId from, const Abstention* abstention);
  void ask(bool again);

  Shared& shared_;
  bool running_ = false;
  ElectoratePtr electorate_;
  RoundNum round_;
  Mandate mandate_;
  AcceptorSet refusals_ = 0;
  bool outranked_ = false;
  std::vector<Refusal> abstentions_;
  std::uint32_t attempts_ = 0;
  Timestamp asked_at_;
  Timestamp ask_again_at_;
  Timestamp give_up_at_;
  Timestamp not_before_;
  std::uint32_t losses_ = 0;
};

}  // namespace synod
