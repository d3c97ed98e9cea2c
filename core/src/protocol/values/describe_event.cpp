// Events as one line each.
#include <synod/replica.hpp>

#include "protocol/values/text.hpp"

namespace synod {
namespace {

std::string reason_of(SkipReason reason) {
  switch (reason) {
    case SkipReason::kNoop:
      return "noop";
    case SkipReason::kRepeat:
      return "repeat";
    case SkipReason::kExpired:
      return "expired";
  }
  return "unknown";
}

std::string name_of(DirectiveKind kind) {
  switch (kind) {
    case DirectiveKind::kPrepare:
      return "prepare";
    case DirectiveKind::kAccept:
      return "accept";
    case DirectiveKind::kCommit:
      return "commit";
  }
  return "unknown";
}

std::string failure(const AppendError& error) {
  std::string text(to_string(error.kind));
  text += ", ";
  text += to_string(error.fate);
  if (!error.detail.empty()) text += ": " + error.detail;
  return text;
}

struct LineOfEvent {
  std::string operator()(const Started& e) const {
    return "started " + std::string(to_string(e.standing)) + ", applied " + text::round(e.applied);
  }
  std::string operator()(const StandingChanged& e) const {
    return std::string(to_string(e.before)) + " -> " + std::string(to_string(e.after));
  }
  std::string operator()(const ParticipationChanged& e) const {
    std::string line = std::string(to_string(e.before)) + " -> " + std::string(to_string(e.after));
    if (e.reason != PassiveReason::kNone) line += " (" + std::string(to_string(e.reason)) + ")";
    if (e.votes_from != RoundNum()) line += ", votes from " + text::round(e.votes_from);
    if (!e.detail.empty()) line += ": " + e.detail;
    return line;
  }
  std::string operator()(const Installed& e) const { return "installed " + text::round(e.round); }
  std::string operator()(const Committed& e) const { return "committed " + text::placed(e.placed); }
  std::string operator()(const Applied& e) const {
    if (!e.skipped) return "applied " + text::placed(e.placed);
    std::string line = "skipped " + text::placed(e.placed) + " (" + reason_of(*e.skipped);
    if (*e.skipped == SkipReason::kRepeat) line += " of " + text::round(e.repeat_of);
    return line + ")";
  }
  std::string operator()(const Gaps& e) const {
    if (e.gaps.empty()) return "no gaps";
    return "gaps" + text::listed(e.gaps, [](const GapRange& each) {
             return text::rounds(each.first, each.last);
           });
  }
  std::string operator()(const Directive& e) const {
    return "obeyed " + name_of(e.kind) + " " + text::round(e.round) + " " + text::coord(e.coord) +
           " of " + to_string(e.leader) + ", quorum " +
           (e.quorum_age == Duration::max() ? "unknown" : text::duration(e.quorum_age) + " ago");
  }
  std::string operator()(const VoteReceived& e) const {
    std::string line = e.acceptance ? "acceptance" : "promise";
    line +=
        " of " + to_string(e.voter) + " for " + text::round(e.round) + " " + text::coord(e.coord);
    return line;
  }
  std::string operator()(const MandateWon& e) const {
    return "mandate " + text::coord(e.coord) + " from " + text::round(e.round);
  }
  std::string operator()(const MandateLost& e) const {
    std::string line = "mandate " + text::coord(e.coord) + " lost";
    if (e.to != CoordNum()) line += " to " + text::coord(e.to);
    return line;
  }
  std::string operator()(const Ejected& e) const {
    return "ejected at " + text::round(e.round) + ": " + e.reason;
  }
  std::string operator()(const AppendFailed& e) const {
    return "append " + text::id(e.id) + " failed: " + failure(e.error);
  }
  std::string operator()(const ReadReady& e) const {
    return "read " + std::to_string(e.ticket) + " ready";
  }
  std::string operator()(const ReadFailed& e) const {
    return "read " + std::to_string(e.ticket) + " failed: " + failure(e.error);
  }
  std::string operator()(const SnapshotTaken& e) const {
    return e.snapshot ? "snapshot of " + text::round(e.snapshot->round) : "no snapshot";
  }
  std::string operator()(const PeerProgress& e) const {
    return "peer " + to_string(e.node) + " settled to " + text::round(e.settled_to) +
           ", retained from " + text::round(e.retained_from);
  }
  std::string operator()(const RemovalComplete& e) const {
    return "removal complete at " + text::round(e.boundary);
  }
  std::string operator()(const Warning& e) const { return "warning: " + e.text; }
  std::string operator()(const Violation& e) const { return "violation: " + e.text; }
};

}  // namespace

std::string describe(const Event& event) { return std::visit(LineOfEvent{}, event); }

}  // namespace synod
