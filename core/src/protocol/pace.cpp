#include "protocol/pace.hpp"

#include <algorithm>
#include <utility>

namespace synod {
namespace {

constexpr int kTimesAsLong = 4;
constexpr int kStretchMax = 10;

}  // namespace

void Pace::learn(Duration& smoothed, Duration sample) {
  smoothed += sample > smoothed ? (sample - smoothed) / 2 : (sample - smoothed) / 8;
}

void Pace::handed_over(std::uint64_t sequence, Timestamp now) {
  if (handed_sequence_ != 0) return;
  handed_sequence_ = sequence;
  handed_at_ = now;
}

void Pace::written(std::uint64_t sequence, Timestamp now) {
  if (handed_sequence_ == 0 || sequence < handed_sequence_) return;
  handed_sequence_ = 0;
  learn(write_, now.since(handed_at_));
}

void Pace::asked(Question question, const CoordNum& coord, RoundNum round, ElectoratePtr electorate,
                 Timestamp now) {
  const bool is_followed = std::ranges::any_of(followed_, [&](const Followed& each) {
    return each.electorate != nullptr && each.question == question && each.coord == coord;
  });
  if (is_followed || electorate == nullptr) return;
  followed_[next_] = {question, coord, round, std::move(electorate), 0, now};
  next_ = (next_ + 1) % followed_.size();
}

void Pace::answered(Question question, const CoordNum& coord, RoundNum first, std::uint64_t count,
                    NodeId from, Incarnation incarnation, Timestamp now) {
  for (Followed& each : followed_) {
    if (each.electorate == nullptr || each.question != question || each.coord != coord) continue;
    if (each.round < first || each.round.above(first) >= count) continue;
    each.yes |= each.electorate->bit_of(from, incarnation);
    const bool is_quorum = question == Question::kPromise
                               ? each.electorate->is_phase1_quorum(each.yes)
                               : each.electorate->is_phase2_quorum(each.yes);
    if (!is_quorum) continue;
    learn(answer_, now.since(each.asked_at));
    each.electorate = nullptr;
  }
}

Duration Pace::patience(Duration usual) const {
  return std::clamp(kTimesAsLong * std::max(write_, answer_), usual, kStretchMax * usual);
}

}  // namespace synod
