// Messages, records and entries as one line each.
#include <synod/replica.hpp>

#include "protocol/values/text.hpp"

namespace synod {
namespace {

std::string with_vote(std::string text, const VoteSections& sections) {
  if (sections.empty()) return text;
  return text + ", says" + text::listed(sections, [](const VoteSection& each) {
           return each.name + ":" + std::to_string(each.bytes.size()) + "b";
         });
}

// `count` rounds from `first` on.
std::string rounds(RoundNum first, std::uint64_t count) {
  return text::rounds(first, count == 0 ? first.previous() : first.plus(count - 1));
}

std::string run(const CommitRun& run) {
  return "[" + rounds(run.first, run.ids.size()) + " " + text::coord(run.coord) +
         text::listed(run.ids, text::id) + "]";
}

struct LineOfMessage {
  std::string operator()(const Prepare& m) const {
    return text::round(m.round) + " " + text::coord(m.coord);
  }
  std::string operator()(const Promise& m) const {
    std::string line = text::round(m.round) + " " + text::coord(m.coord) + " from " +
                       text::round(m.speaks_from) + ", ";
    if (m.pages != 1) {
      line += "page " + std::to_string(m.page + 1ull) + "/" + std::to_string(m.pages) + ", ";
    }
    line += m.accepted.empty()
                ? "nothing accepted"
                : std::to_string(m.accepted.size()) + " accepted" + text::placed(m.accepted);
    return with_vote(std::move(line), m.vote);
  }
  std::string operator()(const Conflict& m) const {
    std::string line = text::round(m.round) + " " + text::coord(m.coord) + ", promised " +
                       text::coord(m.promised) + ", settled to " + text::round(m.settled_to);
    if (m.settled) line += " [" + text::placed(*m.settled) + "]";
    return line;
  }
  std::string operator()(const Abstention& m) const {
    std::string line = text::round(m.round) + " " + text::coord(m.coord);
    if (m.sticky) line += ", a leader is alive";
    return with_vote(std::move(line), m.vote);
  }
  std::string operator()(const Propose& m) const {
    std::string line = rounds(m.first, m.entries.size()) + " " + text::coord(m.coord) +
                       text::listed(m.entries, text::entry);
    if (!m.commits.empty()) line += ", commit" + text::listed(m.commits, run);
    return line;
  }
  std::string operator()(const Acceptance& m) const {
    return with_vote(rounds(m.first, m.count) + " " + text::coord(m.coord), m.vote);
  }
  std::string operator()(const Rejection& m) const {
    return with_vote(text::round(m.round) + " " + text::coord(m.coord), m.vote);
  }
  std::string operator()(const Commit& m) const {
    std::string line = text::placed(m.entries) + text::listed(m.by_id, run);
    return line.empty() ? "nothing" : line.substr(1);
  }
  std::string operator()(const Fetch& m) const { return text::rounds(m.first, m.last); }
  std::string operator()(const Entries& m) const {
    return "from " + text::round(m.first) + text::placed(m.entries) + ", settled to " +
           text::round(m.settled_to) + ", durable to " + text::round(m.durable_to) +
           ", retained from " + text::round(m.retained_from);
  }
  std::string operator()(const SnapshotRequest& m) const {
    return text::round(m.round) + " from byte " + std::to_string(m.offset);
  }
  std::string operator()(const SnapshotChunk& m) const {
    return text::round(m.round) + " bytes " + std::to_string(m.offset) + "+" +
           std::to_string(m.bytes.size()) + " of " + std::to_string(m.size);
  }
  std::string operator()(const ReadQuery&) const { return {}; }
  std::string operator()(const ReadAnswer& m) const {
    return "untouched from " + text::round(m.untouched_from) + ", settled to " +
           text::round(m.settled_to);
  }
  std::string operator()(const LeadershipRequest& m) const { return text::round(m.round); }
  std::string operator()(const GenesisNote& m) const {
    std::string line = m.stage == GenesisStage::kGathering ? "gathering"
                       : m.stage == GenesisStage::kFixed   ? "fixed"
                                                           : "complete";
    if (m.map) line += " {" + text::genesis(*m.map) + "}";
    return line + (m.answer_wanted ? "?" : "");
  }
  std::string operator()(const Announcement& m) const {
    return "for " + to_string(m.expected) + (m.challenge == 0 ? "" : ", challenge answered");
  }
  std::string operator()(const Challenge&) const { return {}; }
  std::string operator()(const Note& m) const {
    return m.name + ":" + std::to_string(m.bytes.size()) + "b";
  }
  std::string operator()(const GenesisPrepare& m) const {
    return text::coord(m.coord) + " {" + text::genesis(m.terms) + "}";
  }
  std::string operator()(const GenesisPromise& m) const {
    return text::coord(m.coord) + ", " + text::accepted(m.accepted_at, m.accepted);
  }
  std::string operator()(const GenesisPropose& m) const {
    return text::coord(m.coord) + " {" + text::genesis(m.map) + "}";
  }
  std::string operator()(const GenesisAcceptance& m) const { return text::coord(m.coord); }
  std::string operator()(const GenesisConflict& m) const {
    return text::coord(m.coord) + ", promised " + text::coord(m.promised);
  }
  std::string operator()(const Vouch& m) const {
    return "for " + to_string(m.memory.incarnation) + " of " + to_string(m.memory.node) +
           " in place of " + to_string(m.memory.expected);
  }
};

struct LineOfRecord {
  std::string operator()(const IdentityRecord& r) const {
    return "identity " + to_string(r.incarnation);
  }
  std::string operator()(const GenesisRecord& r) const {
    return "genesis {" + text::genesis(r.map) + "}" + (r.complete ? " complete" : "");
  }
  std::string operator()(const PromiseRecord& r) const { return "promise " + text::coord(r.coord); }
  std::string operator()(const AcceptedRecord& r) const {
    return "accepted " + text::placed(r.placed);
  }
  std::string operator()(const CommittedRecord& r) const {
    return "committed " + text::placed(r.placed);
  }
  std::string operator()(const CommitMarkRecord& r) const { return "mark " + text::round(r.round); }
  std::string operator()(const AdmissionRecord& r) const {
    return "admission from " + text::round(r.votes_from);
  }
  std::string operator()(const GenesisVoteRecord& r) const {
    return "genesis vote " + text::coord(r.promised) + ", " +
           text::accepted(r.accepted_at, r.accepted);
  }
  std::string operator()(const ReplacementRecord&) const { return "replacement"; }
};

}  // namespace

std::string describe(const Message& message) {
  std::string line(kind_of(message));
  const std::string rest = std::visit(LineOfMessage{}, message);
  if (!rest.empty()) line += " " + rest;
  return line;
}

std::string describe(const Record& record) { return std::visit(LineOfRecord{}, record); }

std::string describe(const Entry& entry) { return text::entry(entry); }

}  // namespace synod
