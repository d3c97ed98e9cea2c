// What a simulation tells those who look, and what a diagram makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include <synod/simulation/diagram.hpp>
#include <synod/simulation/timeline.hpp>

#include "simulation/broken_state.hpp"
#include "simulation/exactly.hpp"

namespace synod::simulation {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Looked {
  std::vector<Moment> moments;
  std::map<Happening, std::uint64_t> counts;
  Report report;
};

Looked look(SimulationOptions options) {
  Looked looked;
  options.timeline = [&](const Moment& moment) {
    looked.moments.push_back(moment);
    ++looked.counts[moment.happening];
  };
  looked.report = simulate(options);
  return looked;
}

SimulationOptions harsh() {
  return exactly("loss,duplication,crash,pause,wipe,partition,slow-disk", 12, 120);
}

TEST(TimelineTest, TellsOfEverythingThatHappens) {
  Looked looked = look(harsh());
  ASSERT_TRUE(looked.report.ok()) << looked.report.text();
  for (const Happening each :
       {Happening::kSent,          Happening::kDelivered,   Happening::kLost,
        Happening::kCut,           Happening::kDuplicated,  Happening::kNobodyThere,
        Happening::kStarts,        Happening::kCrashes,     Happening::kWiped,
        Happening::kPauses,        Happening::kResumes,     Happening::kStanding,
        Happening::kParticipation, Happening::kMandate,     Happening::kWriting,
        Happening::kPromised,      Happening::kAccepted,    Happening::kDurable,
        Happening::kChosen,        Happening::kApplied,     Happening::kNetworkFault,
        Happening::kNetworkMended, Happening::kAppendAsked, Happening::kAppendAnswered,
        Happening::kReadAsked}) {
    EXPECT_GT(looked.counts[each], 0u) << to_string(each);
  }
  EXPECT_EQ(looked.counts[Happening::kDelivered], looked.report.messages);
  EXPECT_EQ(looked.counts[Happening::kChosen], looked.report.chosen);
  EXPECT_EQ(looked.counts[Happening::kWiped],
            looked.report.struck[static_cast<std::size_t>(Fault::kWipe)]);
  EXPECT_EQ(looked.counts[Happening::kFault], looked.report.strikes.size());
  EXPECT_GT(looked.counts[Happening::kHealed], 0u);
  EXPECT_EQ(looked.counts[Happening::kViolation], 0u);
}

TEST(TimelineTest, TellsOfSparesThatJoinAndOfNodesThatAreRetired) {
  Looked looked = look(exactly("join,swap,leave,grow", 4, 2000));
  ASSERT_TRUE(looked.report.ok()) << looked.report.text();
  EXPECT_GT(looked.counts[Happening::kRetires], 0u);
  const auto joins = [](const Moment& moment) {
    return moment.happening == Happening::kStarts && moment.node > NodeId(3);
  };
  EXPECT_GT(std::count_if(looked.moments.begin(), looked.moments.end(), joins), 0);
}

TEST(TimelineTest, TellsWhatDisksDid) {
  Looked looked =
      look(exactly("write-error,sync-error,read-error,rot,disk-full,hung-disk", 2, 800));
  ASSERT_TRUE(looked.report.ok()) << looked.report.text();
  EXPECT_GT(looked.counts[Happening::kDiskMended], 0u);
  for (const char* text : {"simulated write error", "simulated sync error", "simulated read error",
                           "rot in ", "no space left", "its disk hangs", "damaged memory"}) {
    const auto says = [text](const Moment& moment) {
      return moment.happening == Happening::kDiskFault &&
             moment.text.find(text) != std::string::npos;
    };
    EXPECT_GT(std::count_if(looked.moments.begin(), looked.moments.end(), says), 0) << text;
  }
}

TEST(TimelineTest, EachMessageHasOneBeginningAndSoManyEndsAsCopies) {
  const Looked looked = look(harsh());
  std::map<std::uint64_t, const Moment*> sent;
  std::map<std::uint64_t, std::uint64_t> ends;
  std::map<std::uint64_t, std::uint64_t> copies;
  for (const Moment& moment : looked.moments) {
    if (moment.happening > Happening::kRefused) continue;
    if (moment.happening == Happening::kSent) {
      EXPECT_TRUE(sent.emplace(moment.number, &moment).second);
      continue;
    }
    ASSERT_TRUE(sent.contains(moment.number));
    const Moment& begun = *sent[moment.number];
    EXPECT_LE(begun.at, moment.at);
    if (moment.happening == Happening::kDuplicated) {
      ++copies[moment.number];
      continue;
    }
    ++ends[moment.number];
    const bool there = moment.happening == Happening::kDelivered;
    if (!there) continue;
    EXPECT_EQ(moment.node, begun.peer);
    EXPECT_EQ(moment.peer, begun.node);
    EXPECT_EQ(moment.text, begun.text);
    EXPECT_EQ(moment.first, begun.first);
    EXPECT_EQ(moment.coord, begun.coord);
  }
  for (const auto& [number, count] : ends) EXPECT_LE(count, 1 + copies[number]);
}

TEST(TimelineTest, ChangesNothingAndNeitherDoTheLines) {
  EXPECT_EQ(look(harsh()).report.trace_hash, simulate(harsh()).trace_hash);
}

TEST(TimelineTest, TellsOfAViolationWhenItHappens) {
  SimulationOptions options = harsh();
  options.state = broken_state(Wrong::kAfterRestart, options.nodes);
  const Looked looked = look(options);
  ASSERT_FALSE(looked.report.ok());
  ASSERT_EQ(looked.moments.back().happening, Happening::kViolation);
  EXPECT_EQ(looked.moments.back().text, looked.report.violations.back());
}

TEST(TimelineTest, SaysWhichRoundsAMessageConcerns) {
  const Moment prepare = moment_of(Message(Prepare{RoundNum(4), CoordNum{2, NodeId(1), {}}}));
  EXPECT_EQ(prepare.first, RoundNum(4));
  EXPECT_EQ(prepare.last, RoundNum::max());
  Propose propose;
  propose.first = RoundNum(7);
  propose.entries.resize(3);
  const Moment proposed = moment_of(Message(propose));
  EXPECT_EQ(proposed.first, RoundNum(7));
  EXPECT_EQ(proposed.last, RoundNum(9));
  EXPECT_EQ(proposed.word, "propose");
  Commit commit;
  commit.by_id = {{RoundNum(5), {}, {EntryId{0, 1}, EntryId{0, 2}}}};
  commit.entries = {{RoundNum(3), {}, {}}};
  const Moment committed = moment_of(Message(commit));
  EXPECT_EQ(committed.first, RoundNum(3));
  EXPECT_EQ(committed.last, RoundNum(6));
}

TEST(TimelineTest, EveryHappeningHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Happening::kViolation); ++i) {
    names.insert(to_string(static_cast<Happening>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Happening::kViolation) + 1);
  EXPECT_EQ(to_string(Happening::kViolation), "violation");
  EXPECT_EQ(to_string(Happening::kNobodyThere), "nobody-there");
  EXPECT_EQ(to_string(Happening::kReadFailed), "read-failed");
}

// --- The page ------------------------------------------------------------------------------------

Moment note(std::int64_t at, const std::string& text) {
  return {.happening = Happening::kNote, .node = NodeId(1), .text = text, .at = Timestamp(at)};
}

TEST(DiagramTest, NoTextBecomesMarkup) {
  Diagram diagram({.title = "</title><script>alert(1)</script>",
                   .subtitle = "</script><img src=x onerror=alert(2)>",
                   .nodes = {NodeId(1)},
                   .name = [](NodeId) { return std::string("<b>\"&\\"); }});
  diagram.add(note(1, "</script><script>alert(3)</script><!--"));
  const std::string html = diagram.html();
  EXPECT_THAT(html, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, Not(HasSubstr("<b>\"")));
  EXPECT_THAT(html, HasSubstr("\\u003c/script\\u003e\\u003cscript\\u003ealert(3)"));
  EXPECT_THAT(html, HasSubstr("\\u003cb\\u003e\\u0022\\u0026\\u005c"));
}

TEST(DiagramTest, WhatIsNoTextIsStillDrawn) {
  Diagram diagram({.title = "", .nodes = {NodeId(1)}});
  diagram.add(note(1, std::string("a\0b\n\xff\xc3\xa9\xe2\x82\xed\xa0\x80z", 13)));
  EXPECT_THAT(diagram.html(), HasSubstr("\"a\\u0000b\\u000a\\ufffd\xc3\xa9"
                                        "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffdz\""));
}

TEST(DiagramTest, OfTooManyTheLastAreDrawnAndItSaysSo) {
  Diagram diagram({.title = "", .nodes = {NodeId(1)}, .moments_max = 3});
  diagram.add({.happening = Happening::kCrashes, .node = NodeId(1), .text = "crashes"});
  for (int i = 1; i <= 5; ++i) diagram.add(note(i, "note " + std::to_string(i)));
  EXPECT_EQ(diagram.left_out(), 3u);
  const std::string html = diagram.html();
  EXPECT_THAT(html, HasSubstr("\"leftOut\":3,\"firstDrawn\":3"));
  EXPECT_THAT(html, Not(HasSubstr("note 2")));
  EXPECT_THAT(html, HasSubstr("note 3"));
  // That the node is down is still known.
  EXPECT_THAT(html, HasSubstr("\"crashes\""));
}

TEST(DiagramTest, WhoeverJoinsGetsALane) {
  Diagram diagram({.title = "", .nodes = {NodeId(1), NodeId(2)}});
  diagram.add({.happening = Happening::kStarts, .node = NodeId(1), .text = "starts"});
  diagram.add({.happening = Happening::kStarts, .node = NodeId(4), .text = "starts"});
  EXPECT_THAT(diagram.html(), HasSubstr("{\"id\":2,\"name\":\"2\"},\n{\"id\":4"));
}

TEST(DiagramTest, DrawsAWindow) {
  Diagram diagram(
      {.title = "", .nodes = {NodeId(1)}, .from = Timestamp(20), .until = Timestamp(30)});
  for (int i = 10; i <= 40; i += 10) diagram.add(note(i, "note " + std::to_string(i)));
  const std::string html = diagram.html();
  EXPECT_THAT(html, Not(HasSubstr("note 10")));
  EXPECT_THAT(html, HasSubstr("note 20"));
  EXPECT_THAT(html, HasSubstr("note 30"));
  EXPECT_THAT(html, Not(HasSubstr("note 40")));
  EXPECT_EQ(diagram.left_out(), 0u);
}

}  // namespace
}  // namespace synod::simulation
