#include <synod/simulation/round_order.hpp>

#include <numeric>
#include <tuple>

namespace synod::simulation {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kLinearizable:
      return "linearizable";
    case Verdict::kIllegal:
      return "not linearizable";
    case Verdict::kUnknown:
      return "undecided within the budget";
  }
  return "?";
}

std::vector<std::size_t> in_round_order(const std::vector<RoundPlace>& places) {
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(places[a].round, places[a].reads, places[a].invoked, a) <
           std::tie(places[b].round, places[b].reads, places[b].invoked, b);
  });
  return order;
}

// From the last to the first: of all that stands behind, the one that returned first is the one
// that may have returned too early. Reads of one round may stand in any order.
std::optional<RoundOrderFault> find_disorder(const std::vector<RoundPlace>& places) {
  const std::vector<std::size_t> order = in_round_order(places);
  const auto same_place = [&](std::size_t a, std::size_t b) {
    return places[a].round == places[b].round && places[a].reads == places[b].reads;
  };
  std::optional<std::size_t> earliest;  // Of the groups behind this one.
  for (std::size_t end = order.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && same_place(order[begin - 1], order[begin])) --begin;
    if (end - begin > 1 && !places[order[begin]].reads) {
      return RoundOrderFault{RoundOrderFault::Kind::kTwoInOneRound, order[begin], order[begin + 1]};
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (earliest && places[*earliest].returned < places[order[i]].invoked) {
        return RoundOrderFault{RoundOrderFault::Kind::kAgainstTime, *earliest, order[i]};
      }
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (!earliest || places[order[i]].returned < places[*earliest].returned) earliest = order[i];
    }
    end = begin;
  }
  return std::nullopt;
}

}  // namespace synod::simulation
