// How long it takes until a quorum answers, as this node sees it: how patient to be.
#pragma once

#include <array>
#include <cstdint>

#include <synod/types.hpp>

#include "protocol/electorate.hpp"

namespace synod {

// A quorum's answer waits for syncs: the own one and those of others. Where disks are slow, a
// leader that gives up sooner than that is followed by one that does the same, and nothing is ever
// chosen. So patience follows what was measured: quickly upwards, slowly downwards, and within
// bounds, since a leader that nobody answers must be replaced (H15). Late answers teach as well:
// they are all there is where every question was given up too soon.
class Pace {
 public:
  enum class Question : std::uint8_t { kPromise, kAcceptance };

  // Own records were handed over for writing; they are durable.
  void handed_over(std::uint64_t sequence, Timestamp now);
  void written(std::uint64_t sequence, Timestamp now);
  // What is under way says nothing: it waits for space.
  void forget_writes() { handed_sequence_ = 0; }

  // One question of each kind and number is followed, until a quorum of `electorate` said yes to
  // it.
  void asked(Question question, const CoordNum& coord, RoundNum round, ElectoratePtr electorate,
             Timestamp now);
  // Yes, for the rounds from `first` on, and as many as `count`.
  void answered(Question question, const CoordNum& coord, RoundNum first, std::uint64_t count,
                NodeId from, Incarnation incarnation, Timestamp now);

  // `usual`, or longer where answers take longer: four times as long as they do, at most ten times
  // `usual`.
  [[nodiscard]] Duration patience(Duration usual) const;

 private:
  struct Followed {
    Question question = Question::kPromise;
    CoordNum coord;
    RoundNum round;
    ElectoratePtr electorate;  // Null: nothing is followed here.
    AcceptorSet yes = 0;
    Timestamp asked_at;
  };

  static void learn(Duration& smoothed, Duration sample);

  Duration write_ = Duration::zero();   // From the hand-over of a record until it is durable.
  Duration answer_ = Duration::zero();  // Of a quorum.
  std::uint64_t handed_sequence_ = 0;   // That is followed; 0: none.
  Timestamp handed_at_;
  // The last few: those that were given up may still be answered.
  std::array<Followed, 8> followed_;
  std::size_t next_ = 0;
};

}  // namespace synod
