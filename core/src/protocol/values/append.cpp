#include <synod/append.hpp>

namespace synod {

bool AppendError::curable() const {
  // Repeating what has taken effect, or never can, is of no use.
  if (fate == Fate::kHappened || fate == Fate::kNever) return false;
  switch (kind) {
    case AppendErrorKind::kDisoriented:
    case AppendErrorKind::kLost:
    case AppendErrorKind::kNoQuorum:
    case AppendErrorKind::kOverloaded:
    case AppendErrorKind::kPassive:
    case AppendErrorKind::kRailroaded:
    case AppendErrorKind::kSkipped:
    case AppendErrorKind::kStorage:
      return true;
    case AppendErrorKind::kConverged:
    case AppendErrorKind::kDeadline:
    case AppendErrorKind::kDecoration:
    case AppendErrorKind::kExiled:
    case AppendErrorKind::kExpired:
    case AppendErrorKind::kShutDown:
    case AppendErrorKind::kTooLarge:
    case AppendErrorKind::kUnacceptable:
    case AppendErrorKind::kAlreadyApplied:
      return false;
  }
  return false;
}

std::string_view to_string(AppendErrorKind kind) {
  switch (kind) {
    case AppendErrorKind::kConverged:
      return "converged";
    case AppendErrorKind::kDeadline:
      return "deadline";
    case AppendErrorKind::kDecoration:
      return "decoration";
    case AppendErrorKind::kDisoriented:
      return "disoriented";
    case AppendErrorKind::kExiled:
      return "exiled";
    case AppendErrorKind::kExpired:
      return "expired";
    case AppendErrorKind::kLost:
      return "lost";
    case AppendErrorKind::kNoQuorum:
      return "no-quorum";
    case AppendErrorKind::kOverloaded:
      return "overloaded";
    case AppendErrorKind::kPassive:
      return "passive";
    case AppendErrorKind::kRailroaded:
      return "railroaded";
    case AppendErrorKind::kShutDown:
      return "shut-down";
    case AppendErrorKind::kSkipped:
      return "skipped";
    case AppendErrorKind::kStorage:
      return "storage";
    case AppendErrorKind::kTooLarge:
      return "too-large";
    case AppendErrorKind::kUnacceptable:
      return "unacceptable";
    case AppendErrorKind::kAlreadyApplied:
      return "already-applied";
  }
  return "unknown";
}

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::kDidNotHappen:
      return "did-not-happen";
    case Fate::kUnknown:
      return "unknown";
    case Fate::kHappened:
      return "happened";
    case Fate::kNever:
      return "never";
  }
  return "unknown";
}

}  // namespace synod
