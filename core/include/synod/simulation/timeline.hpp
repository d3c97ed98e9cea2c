// File: timeline.hpp
//
// What happens in a simulated cluster, moment by moment and as values, for those who draw it, print
// it or look for something in it. Whoever plays a cluster (a simulation, a story of the tests)
// tells a Timeline; where nobody listens, nothing is built.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <synod/event.hpp>
#include <synod/message.hpp>
#include <synod/record.hpp>
#include <synod/types.hpp>

namespace synod::simulation {

enum class Happening : std::uint8_t {
  // A message: `node` sends, or receives where it arrives, `peer` is the other end, and `number`
  // tells which message it is. One that is duplicated arrives twice.
  kSent,
  kDelivered,
  kLost,  // On the way.
  kCut,   // The network does not lead there.
  kDuplicated,
  kNobodyThere,  // The receiver is down.
  kRefused,      // It does not decode, or a stranger sent it.
  // The lives of a node.
  kStarts,
  kCrashes,
  kWiped,   // Its disk is lost.
  kPauses,  // It stands still, and then goes on.
  kResumes,
  kStops,    // By itself; `text` says why.
  kRetires,  // It was removed from the cluster, and is gone for good.
  // What it takes itself for; `word` is the standing or the participation that it has from now on.
  kStanding,
  kParticipation,
  kMandate,  // Promises of a quorum are in.
  kMandateLost,
  // Its disk. kWriting: a vote is on its way there and counts for nobody yet.
  kWriting,
  kPromised,  // Durably, from here on.
  kAccepted,
  kDurable,  // Anything else.
  kDiskFault,
  kDiskMended,
  // The log.
  kChosen,  // By the durable acceptances of `nodes`; `node` is nobody: no node need know.
  kApplied,
  kSkipped,
  kInstalled,
  // The network. `nodes`: one side of a partition, or the node that is not heard or does not hear.
  kNetworkFault,
  kNetworkMended,
  // Faults of any kind. kFault: one of those that strike at moments; `number` tells which one, and
  // `word` is its class. kHealed: they are over for `nodes`, and stay as they are for the others.
  kFault,
  kHealed,
  // Clients, at `node`.
  kAppendAsked,
  kAppendAnswered,
  kAppendFailed,
  kReadAsked,
  kReadAnswered,
  kReadFailed,
  kNarration,  // What a person says about it.
  kNote,       // Anything else.
  kDetail,     // The same, seldom of interest.
  kViolation,  // An invariant is broken.
};

// The kind as one word, as in the file of a diagram: "sent", "nobody-there" …
[[nodiscard]] std::string_view to_string(Happening happening);

struct Moment {
  Happening happening = Happening::kNote;
  NodeId node = {};  // 0: no node in particular.
  std::string text = {};
  Timestamp at = {};  // True time; filled in by whoever plays the cluster.
  NodeId peer = {};
  std::uint64_t number = 0;
  std::string_view word = {};  // Of a message: its kind. Points to a literal.
  // The rounds that it concerns; max(): and all later ones. 0: none in particular.
  RoundNum first = {};
  RoundNum last = {};
  CoordNum coord = {};  // 0.0: none.
  std::vector<NodeId> nodes = {};
};

using Timeline = std::function<void(const Moment&)>;

// Kind, text, rounds and number of what is told; who, when and where is left to the caller.
[[nodiscard]] Moment moment_of(const Message& message);
[[nodiscard]] Moment moment_of(const Event& event);
// As it becomes durable.
[[nodiscard]] Moment moment_of(const Record& record);
// A choice by the durable acceptances of `by`.
[[nodiscard]] Moment chosen(const PlacedEntry& placed, std::vector<NodeId> by);

// One line for a person, with time and node.
[[nodiscard]] std::string line_of(const Moment& moment);

}  // namespace synod::simulation
