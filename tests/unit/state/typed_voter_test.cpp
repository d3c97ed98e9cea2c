#include <string>

#include <gtest/gtest.h>
#include <cereal/types/string.hpp>

#include <synod/typed_voter.hpp>

namespace synod {
namespace {

struct Load {
  std::uint32_t percent = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(percent);
  }
};
struct Grudge {
  std::string why;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(why);
  }
};

class Moody final : public TypedVoter<Load, Grudge, Load> {
 public:
  using TypedVoter::TypedVoter;
  CandidateAnswer consider_candidate(const Candidacy& candidacy) override {
    return candidacy.round == RoundNum(1) ? CandidateAnswer::yes({20}) : CandidateAnswer::no({90});
  }
  ProposalAnswer consider_proposal(const Proposal& proposal) override {
    return proposal.round == RoundNum(1) ? ProposalAnswer::yes({30})
                                         : ProposalAnswer::no({"not on a Monday"});
  }
};
class Quiet final : public TypedVoter<Silence> {};

Candidacy candidacy(std::uint64_t round) { return {RoundNum(round), {}, {}}; }

AppendError refused(VoteSections abstention, VoteSections rejection) {
  AppendError error;
  error.abstentions = {{NodeId(2), std::move(abstention)}};
  error.rejections = {{NodeId(3), std::move(rejection)}};
  return error;
}

TEST(TypedVoter, AYeaArrivesWithItsVote) {
  Moody voter;
  const CandidateVote vote = voter.contemplate_candidate(candidacy(1));
  EXPECT_TRUE(vote.yea);
  VoteReceived received{NodeId(2), false, {}, RoundNum(1), vote.sections, {}};
  ASSERT_TRUE(Moody::yea(received).has_value());
  EXPECT_EQ(Moody::yea(received)->percent, 20u);
  EXPECT_FALSE(Moody::yea(received, "another").has_value());
}

TEST(TypedVoter, RefusalsArriveWithTheFailedAppend) {
  Moody voter("mood");
  const Entry entry;
  const CandidateVote abstention = voter.contemplate_candidate(candidacy(2));
  const ProposalVote nay = voter.contemplate_proposal({RoundNum(2), {}, entry, {}});
  EXPECT_FALSE(abstention.yea);
  EXPECT_FALSE(nay.yea);
  const AppendError error = refused(abstention.sections, nay.sections);
  const auto abstentions = Moody::abstentions(error, "mood");
  ASSERT_EQ(abstentions.size(), 1u);
  EXPECT_EQ(abstentions[0].first, NodeId(2));
  EXPECT_EQ(abstentions[0].second.percent, 90u);
  const auto nays = Moody::nays(error, "mood");
  ASSERT_EQ(nays.size(), 1u);
  EXPECT_EQ(nays[0].first, NodeId(3));
  EXPECT_EQ(nays[0].second.why, "not on a Monday");
}

TEST(TypedVoter, WhatDoesNotDecodeIsLeftOut) {
  const AppendError error =
      refused({{"voter", Payload::copy_of("abc")}}, {{"voter", Payload::copy_of("abc")}});
  EXPECT_TRUE(Moody::abstentions(error).empty());
  EXPECT_TRUE(Moody::nays(error).empty());
  EXPECT_TRUE(Moody::nays(refused({}, {})).empty());
}

TEST(TypedVoter, SilenceTakesNoSection) {
  Quiet voter;
  const Entry entry;
  EXPECT_TRUE(voter.contemplate_candidate(candidacy(1)).sections.empty());
  EXPECT_TRUE(voter.contemplate_proposal({RoundNum(1), {}, entry, {}}).yea);
}

}  // namespace
}  // namespace synod
