#include <synod/event.hpp>

namespace synod {

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::kDisoriented:
      return "disoriented";
    case Standing::kLagging:
      return "lagging";
    case Standing::kFollowing:
      return "following";
    case Standing::kLeading:
      return "leading";
  }
  return "unknown";
}

std::string_view to_string(Participation participation) {
  switch (participation) {
    case Participation::kPassive:
      return "passive";
    case Participation::kPartiallyActive:
      return "partially-active";
    case Participation::kActive:
      return "active";
  }
  return "unknown";
}

std::string_view to_string(PassiveReason reason) {
  switch (reason) {
    case PassiveReason::kNone:
      return "none";
    case PassiveReason::kGenesis:
      return "genesis";
    case PassiveReason::kMemoryLost:
      return "memory-lost";
    case PassiveReason::kOtherGenesis:
      return "other-genesis";
    case PassiveReason::kNotMember:
      return "not-member";
    case PassiveReason::kStorage:
      return "storage";
  }
  return "unknown";
}

}  // namespace synod
