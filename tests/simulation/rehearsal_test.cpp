// A rehearsal driven by hand: what clients were told is held against the log. In whole runs a
// library that is right never gets these wrong.
#include <gtest/gtest.h>

#include <synod/simulation/rehearsal.hpp>

namespace synod::simulation {
namespace {

struct Add {
  EntryId number;
  std::int64_t by = 0;
  [[nodiscard]] EntryId id() const { return number; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number.high, number.low, by);
  }
};

struct Sum {
  using Entry = Add;
  using Outcome = std::int64_t;
  Outcome apply(const ApplyContext&, const Add& add) { return value += add.by; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
  std::int64_t value = 0;
};

class RehearsalTest : public testing::Test {
 protected:
  RehearsalTest() {
    options.entries = [](Prng&) { return Add{{0, ++made}, 5}; };
    options.read = [](const Sum& sum) { return sum.value; };
    rehearsal.begin(checker);
    state = rehearsal.make_state(kNode);
  }

  static Entry entry() {
    Entry entry;
    Bytes bytes;
    entry.id = {0, ++made};
    entry.kind = EntryKind::kState;
    (void)encode_value(Add{entry.id, 5}, bytes);
    entry.payload = Payload::copy_of(bytes);
    return entry;
  }
  void ask(const Entry& entry) { rehearsal.on_append(call, entry); }
  void apply(const Entry& entry, std::uint64_t round) { state->apply(RoundNum(round), entry); }
  void answer(const Entry& entry, std::uint64_t round) {
    rehearsal.on_append_answer(call, entry, AppendReceipt{RoundNum(round), {}});
  }
  void read(std::uint64_t applied) {
    rehearsal.on_read(call);
    rehearsal.on_read_answer(call, RoundNum(applied));
  }
  void expect_found(const std::string& text) {
    rehearsal.finish();
    ASSERT_FALSE(checker.ok());
    EXPECT_TRUE(checker.violations().front().starts_with("I11: ")) << checker.violations().front();
    EXPECT_NE(checker.violations().front().find(text), std::string::npos)
        << checker.violations().front();
  }

  static constexpr NodeId kNode = NodeId(1);
  static inline std::uint64_t made = 0;
  ClientCall call{3, kNode};
  CheckOptions<Sum> options;
  Checker checker{Cluster()};
  Rehearsal<Sum> rehearsal{options, 1};
  std::unique_ptr<StateMachine> state;
};

TEST_F(RehearsalTest, AGoodHistoryIsGreen) {
  for (std::uint64_t round = 1; round <= 30; ++round) {
    const Entry each = entry();
    ask(each);
    apply(each, round);
    answer(each, round);
    read(round);
  }
  rehearsal.finish();
  EXPECT_TRUE(checker.ok()) << checker.violations().front();
  EXPECT_EQ(rehearsal.counts().operations, 60u);
}

TEST_F(RehearsalTest, AnAppendStandsBehindOneThatWasAskedForLater) {
  const Entry first = entry();
  const Entry second = entry();
  ask(first);
  answer(first, 2);  // Before it took effect, which another check would find as well.
  ask(second);
  apply(second, 1);
  apply(first, 2);
  answer(second, 1);
  expect_found("had returned before");
}

TEST_F(RehearsalTest, AReadSeesAnotherStateThanTheLogs) {
  const Entry first = entry();
  const Entry second = entry();
  apply(first, 1);
  rehearsal.on_read(call);
  rehearsal.on_read_answer(call, RoundNum(2));
  apply(second, 2);
  expect_found("client 3 read 5 at node 1 after r2, where a replay of the log reads 10");
}

TEST_F(RehearsalTest, AClientWasToldTheOutcomeOfAnotherRound) {
  const Entry first = entry();
  const Entry second = entry();
  ask(first);
  apply(first, 1);
  apply(second, 2);
  answer(first, 2);
  expect_found("a client was told 5");
}

}  // namespace
}  // namespace synod::simulation
