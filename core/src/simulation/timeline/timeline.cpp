#include <synod/simulation/timeline.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <type_traits>
#include <utility>

#include <synod/replica.hpp>

namespace synod::simulation {
namespace {

constexpr std::array<std::string_view, 42> kNames = {
    "sent",          "delivered",       "lost",          "cut",
    "duplicated",    "nobody-there",    "refused",       "starts",
    "crashes",       "wiped",           "pauses",        "resumes",
    "stops",         "retires",         "standing",      "participation",
    "mandate",       "mandate-lost",    "writing",       "promised",
    "accepted",      "durable",         "disk-fault",    "disk-mended",
    "chosen",        "applied",         "skipped",       "installed",
    "network-fault", "network-mended",  "fault",         "healed",
    "append-asked",  "append-answered", "append-failed", "read-asked",
    "read-answered", "read-failed",     "narration",     "note",
    "detail",        "violation"};
static_assert(kNames.size() == static_cast<std::size_t>(Happening::kViolation) + 1);

struct Concerns {
  RoundNum first;
  RoundNum last;
  CoordNum coord;
};

RoundNum last_of(RoundNum first, std::size_t count) {
  return count == 0 ? first : first.plus(count - 1);
}

Concerns from(RoundNum first, const CoordNum& coord) { return {first, RoundNum::max(), coord}; }
Concerns at(RoundNum round, const CoordNum& coord = {}) { return {round, round, coord}; }

Concerns concerns(const Prepare& prepare) { return from(prepare.round, prepare.coord); }
Concerns concerns(const Promise& promise) { return from(promise.round, promise.coord); }
Concerns concerns(const Conflict& conflict) { return at(conflict.round, conflict.coord); }
Concerns concerns(const Abstention& abstention) { return at(abstention.round, abstention.coord); }
Concerns concerns(const Propose& propose) {
  return {propose.first, last_of(propose.first, propose.entries.size()), propose.coord};
}
Concerns concerns(const Acceptance& acceptance) {
  return {acceptance.first, last_of(acceptance.first, acceptance.count), acceptance.coord};
}
Concerns concerns(const Rejection& rejection) { return at(rejection.round, rejection.coord); }
Concerns concerns(const Commit& commit) {
  Concerns all;
  const auto add = [&](RoundNum first, RoundNum last, const CoordNum& coord) {
    all.first = all.first == RoundNum() ? first : std::min(all.first, first);
    all.last = std::max(all.last, last);
    all.coord = std::max(all.coord, coord);
  };
  for (const PlacedEntry& each : commit.entries) add(each.round, each.round, each.coord);
  for (const CommitRun& run : commit.by_id) {
    add(run.first, last_of(run.first, run.ids.size()), run.coord);
  }
  return all;
}
Concerns concerns(const Fetch& fetch) { return {fetch.first, fetch.last, {}}; }
Concerns concerns(const Entries& entries) {
  return {entries.first, last_of(entries.first, entries.entries.size()), {}};
}
Concerns concerns(const SnapshotRequest& request) { return at(request.round); }
Concerns concerns(const SnapshotChunk& chunk) { return at(chunk.round); }
Concerns concerns(const LeadershipRequest& request) { return at(request.round); }
template <class Other>
Concerns concerns(const Other&) {
  return {};
}

void put(Moment& moment, const Concerns& concerned) {
  moment.first = concerned.first;
  moment.last = std::max(concerned.first, concerned.last);
  moment.coord = concerned.coord;
}

// --- Events --------------------------------------------------------------------------------------

void fill(Moment& moment, const StandingChanged& event) {
  moment.happening = Happening::kStanding;
  moment.word = to_string(event.after);
}
void fill(Moment& moment, const ParticipationChanged& event) {
  moment.happening = Happening::kParticipation;
  moment.word = to_string(event.after);
}
void fill(Moment& moment, const Installed& event) {
  moment.happening = Happening::kInstalled;
  put(moment, at(event.round));
}
void fill(Moment& moment, const Applied& event) {
  moment.happening = event.skipped ? Happening::kSkipped : Happening::kApplied;
  put(moment, at(event.placed.round, event.placed.coord));
}
void fill(Moment& moment, const MandateWon& event) {
  moment.happening = Happening::kMandate;
  put(moment, from(event.round, event.coord));
}
void fill(Moment& moment, const MandateLost& event) {
  moment.happening = Happening::kMandateLost;
  moment.coord = event.coord;
}
void fill(Moment& moment, const Ejected& event) {
  moment.happening = Happening::kNote;
  put(moment, at(event.round));
}
void fill(Moment& moment, const AppendFailed&) { moment.happening = Happening::kAppendFailed; }
void fill(Moment& moment, const ReadReady&) { moment.happening = Happening::kReadAnswered; }
void fill(Moment& moment, const ReadFailed&) { moment.happening = Happening::kReadFailed; }
template <class Other>
void fill(Moment& moment, const Other&) {
  constexpr bool kSeldom = std::is_same_v<Other, Committed> || std::is_same_v<Other, Directive> ||
                           std::is_same_v<Other, VoteReceived> ||
                           std::is_same_v<Other, PeerProgress>;
  moment.happening = kSeldom ? Happening::kDetail : Happening::kNote;
}

// --- Lines ---------------------------------------------------------------------------------------

std::string message_line(const Moment& moment) {
  const std::string peer = to_string(moment.peer);
  switch (moment.happening) {
    case Happening::kSent:
      return "> " + moment.text + " -> " + peer;
    case Happening::kDelivered:
      return "< " + moment.text + " from " + peer;
    default: {
      const std::string what = moment.text.empty() ? "a message" : moment.text;
      return "x " + std::string(to_string(moment.happening)) + ": " + what + ", between here and " +
             peer;
    }
  }
}

std::string body_of(const Moment& moment) {
  if (moment.happening <= Happening::kRefused) return message_line(moment);
  switch (moment.happening) {
    case Happening::kWriting:
      return "* writes " + moment.text;
    case Happening::kPromised:
    case Happening::kAccepted:
    case Happening::kDurable:
      return "* " + moment.text;
    case Happening::kStarts:
    case Happening::kCrashes:
    case Happening::kWiped:
    case Happening::kPauses:
    case Happening::kResumes:
    case Happening::kStops:
    case Happening::kRetires:
    case Happening::kDiskFault:
    case Happening::kDiskMended:
    case Happening::kFault:
    case Happening::kHealed:
    case Happening::kNetworkFault:
    case Happening::kNetworkMended:
    case Happening::kChosen:
    case Happening::kViolation:
      return moment.text;
    default:
      return "  " + moment.text;
  }
}

}  // namespace

std::string_view to_string(Happening happening) {
  return kNames[static_cast<std::size_t>(happening)];
}

Moment moment_of(const Message& message) {
  Moment moment;
  moment.happening = Happening::kSent;
  moment.word = kind_of(message);
  moment.text = describe(message);
  std::visit([&](const auto& each) { put(moment, concerns(each)); }, message);
  return moment;
}

Moment moment_of(const Event& event) {
  Moment moment;
  moment.text = describe(event);
  std::visit([&](const auto& each) { fill(moment, each); }, event);
  return moment;
}

Moment moment_of(const Record& record) {
  Moment moment;
  moment.happening = Happening::kDurable;
  moment.text = describe(record);
  if (const auto* promise = std::get_if<PromiseRecord>(&record)) {
    moment.happening = Happening::kPromised;
    moment.coord = promise->coord;
  } else if (const auto* accepted = std::get_if<AcceptedRecord>(&record)) {
    moment.happening = Happening::kAccepted;
    put(moment, at(accepted->placed.round, accepted->placed.coord));
  } else if (const auto* committed = std::get_if<CommittedRecord>(&record)) {
    put(moment, at(committed->placed.round, committed->placed.coord));
  } else if (const auto* mark = std::get_if<CommitMarkRecord>(&record)) {
    put(moment, at(mark->round));
  }
  return moment;
}

Moment chosen(const PlacedEntry& placed, std::vector<NodeId> by) {
  Moment moment;
  moment.happening = Happening::kChosen;
  moment.text = "r" + to_string(placed.round) + " is chosen at c" + to_string(placed.coord) + ": " +
                describe(placed.entry);
  put(moment, at(placed.round, placed.coord));
  moment.nodes = std::move(by);
  return moment;
}

std::string line_of(const Moment& moment) {
  char time[32];
  std::snprintf(time, sizeof(time), "[%12.6f] ",
                static_cast<double>(moment.at.microseconds()) / 1'000'000.0);
  return time + to_string(moment.node) + " " + body_of(moment);
}

}  // namespace synod::simulation
