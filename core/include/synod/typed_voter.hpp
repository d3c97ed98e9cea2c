// File: typed_voter.hpp
//
// A voter that says something in types of its own, not in bytes. docs/how-to/voter.md writes one.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <synod/append.hpp>
#include <synod/event.hpp>
#include <synod/guarded_archive.hpp>
#include <synod/voter.hpp>

namespace synod {

// Yes or no, each with something to say to whoever asked.
template <class Yes, class No>
class TypedVote {
 public:
  [[nodiscard]] static TypedVote yes(Yes why = {}) {
    return TypedVote(Says(std::in_place_index<0>, std::move(why)));
  }
  [[nodiscard]] static TypedVote no(No why = {}) {
    return TypedVote(Says(std::in_place_index<1>, std::move(why)));
  }

  [[nodiscard]] bool is_yes() const { return says_.index() == 0; }
  // Null where it is the other.
  [[nodiscard]] const Yes* why_yes() const { return std::get_if<0>(&says_); }
  [[nodiscard]] const No* why_no() const { return std::get_if<1>(&says_); }

 private:
  using Says = std::variant<Yes, No>;
  explicit TypedVote(Says says) : says_(std::move(says)) {}
  Says says_;
};

// Nothing to say. Takes no bytes.
struct Silence {
  template <class Archive>
  void serialize(Archive&) {}
  friend bool operator==(const Silence&, const Silence&) = default;
};

// Derive from it and override what you care about; every type must be serialisable with cereal.
// What is said travels as the section `section` of the vote, and arrives at whoever asked: a yea
// with the event VoteReceived, an abstention or a nay in the AppendError of an append that failed
// by it.
template <class Yea, class Nay = Silence, class Abstention = Silence>
class TypedVoter : public Voter {
  static_assert(Serializable<Yea> && Serializable<Nay> && Serializable<Abstention>,
                "synod::TypedVoter: the types need cereal's serialize(), or save() and load()");

 public:
  using CandidateAnswer = TypedVote<Yea, Abstention>;
  using ProposalAnswer = TypedVote<Yea, Nay>;
  template <class Says>
  using From = std::vector<std::pair<NodeId, Says>>;

  explicit TypedVoter(std::string section = "voter") : section_(std::move(section)) {}

  [[nodiscard]] virtual CandidateAnswer consider_candidate(const Candidacy& /*candidacy*/) {
    return CandidateAnswer::yes();
  }
  [[nodiscard]] virtual ProposalAnswer consider_proposal(const Proposal& /*proposal*/) {
    return ProposalAnswer::yes();
  }

  // What other nodes' voters of this type said. What does not decode, or is not there, is left out.
  [[nodiscard]] static From<Abstention> abstentions(const AppendError& error,
                                                    std::string_view section = "voter") {
    return decode_all<Abstention>(error.abstentions, section);
  }
  [[nodiscard]] static From<Nay> nays(const AppendError& error,
                                      std::string_view section = "voter") {
    return decode_all<Nay>(error.rejections, section);
  }
  [[nodiscard]] static std::optional<Yea> yea(const VoteReceived& vote,
                                              std::string_view section = "voter") {
    return decode_one<Yea>(vote.sections, section);
  }

  // --- Voter ---
  CandidateVote contemplate_candidate(const Candidacy& candidacy) final {
    const CandidateAnswer answer = consider_candidate(candidacy);
    return {answer.is_yes(), sections_of(answer)};
  }
  ProposalVote contemplate_proposal(const Proposal& proposal) final {
    const ProposalAnswer answer = consider_proposal(proposal);
    return {answer.is_yes(), sections_of(answer)};
  }

 private:
  // Silence needs no section; a value that throws has none either, and the vote stays what it is.
  template <class Yes, class No>
  [[nodiscard]] VoteSections sections_of(const TypedVote<Yes, No>& answer) const {
    Bytes bytes;
    const bool encoded = answer.is_yes() ? encode_value(*answer.why_yes(), bytes)
                                         : encode_value(*answer.why_no(), bytes);
    if (!encoded || bytes.empty()) {
      return {};
    }
    return {VoteSection{section_, Payload::copy_of(bytes)}};
  }
  template <class Says>
  [[nodiscard]] static std::optional<Says> decode_one(const VoteSections& sections,
                                                      std::string_view name) {
    const VoteSection* section = find_section(sections, name);
    const std::span<const std::byte> bytes =
        section != nullptr ? section->bytes.bytes() : std::span<const std::byte>();
    Says says{};
    const bool decoded = decode_value(bytes, says).empty();
    return decoded ? std::optional<Says>(std::move(says)) : std::nullopt;
  }
  template <class Says>
  [[nodiscard]] static From<Says> decode_all(const std::vector<Refusal>& refusals,
                                             std::string_view name) {
    From<Says> all;
    for (const Refusal& refusal : refusals) {
      if (std::optional<Says> says = decode_one<Says>(refusal.sections, name)) {
        all.emplace_back(refusal.node, *std::move(says));
      }
    }
    return all;
  }

  std::string section_;
};

}  // namespace synod
