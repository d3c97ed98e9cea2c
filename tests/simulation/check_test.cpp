// What check<> is for: states that are wrong in the ways in which states are wrong, each found and
// called by its name, and states that are right, let through.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <unordered_map>

#include <cereal/types/string.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/vector.hpp>
#include <synod/simulation/check.hpp>

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
  friend std::ostream& operator<<(std::ostream& out, const Add& add) {
    return out << "add " << add.by;
  }
};

Add any_add(Prng& prng) { return {{}, static_cast<std::int64_t>(1 + prng.below(20))}; }

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

template <class S>
CheckOptions<S> few_seeds() {
  return {.seeds = 6, .appends = 100, .entries = any_add};
}

template <class S>
CheckResult check_few() {
  return check<S>(few_seeds<S>());
}

// The first violation begins with one of these rules and says this.
void expect_found(const CheckResult& result, const std::vector<std::string>& rules,
                  const std::string& says = "") {
  ASSERT_FALSE(result.ok()) << result;
  const std::string& first = result.violations.front();
  const bool named = std::any_of(rules.begin(), rules.end(), [&](const std::string& rule) {
    return first.starts_with(rule + ": ");
  });
  EXPECT_TRUE(named) << result;
  EXPECT_NE(first.find(says), std::string::npos) << result;
}

TEST(CheckTest, AGoodStatePasses) {
  const auto result = check<Sum>({
      .seeds = 12,
      .entries = any_add,
      .invariant = [](const Sum& sum) { return sum.value >= 0; },
      .across_nodes = [](const std::vector<NodeState<Sum>>& nodes) { return !nodes.empty(); },
      .read = [](const Sum& sum) { return sum.value; },
  });
  EXPECT_TRUE(result) << result;
  EXPECT_EQ(result.seeds, 12u);
  EXPECT_EQ(result.checked.histories, 12u);
  // A run that looked at nothing would be green as well.
  EXPECT_GT(result.acknowledged, 500u) << result;
  EXPECT_GT(result.compared.states, 1000u) << result;
  EXPECT_GT(result.compared.outcomes, 1000u) << result;
  EXPECT_GT(result.compared.copies, 100u) << result;
  EXPECT_GT(result.compared.snapshots, 10u) << result;
  EXPECT_GT(result.checked.operations, 500u) << result;
}

// --- S1 and S2: not deterministic ----------------------------------------------------------------

struct Clocked : Sum {
  Outcome apply(const ApplyContext&, const Add&) {
    return value = std::chrono::steady_clock::now().time_since_epoch().count();
  }
};

TEST(CheckTest, FindsAClock) {
  const CheckResult result = check_few<Clocked>();
  expect_found(result, {"S1", "S2"}, "add ");
  EXPECT_FALSE(result.fails_again);
  EXPECT_NE(result.text().find("like a clock"), std::string::npos) << result;
}

std::int64_t g_hour = 0;
struct SlowlyClocked : Sum {
  Outcome apply(const ApplyContext&, const Add&) { return value = g_hour; }
};

TEST(CheckTest, FindsAClockThatStandsStillForAWholeSeed) {
  CheckOptions<SlowlyClocked> options = few_seeds<SlowlyClocked>();
  options.seeds = 2;
  // The hour strikes when the second seed begins, so that each of them has one hour alone.
  std::uint64_t starts = 0;
  options.trace = [&](std::string_view line) {
    if (line.starts_with("[    0.000000] 1 starts") && ++starts == 2) g_hour = 1;
  };
  expect_found(check<SlowlyClocked>(options), {"S1", "S2"}, "after all seeds");
  EXPECT_EQ(starts, 2u);
}

struct WithGarbage : Sum {
  WithGarbage() {}  // NOLINT: sets nothing.
  Outcome apply(const ApplyContext&, const Add& add) { return forgotten += add.by; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(forgotten);
  }
  std::int64_t forgotten;
};

TEST(CheckTest, FindsAMemberThatNobodyInitialises) {
  expect_found(check_few<WithGarbage>(), {"S1", "S2"}, "r");
}

// Looks at where things lie.
struct ByAddress : Sum {
  Outcome apply(const ApplyContext&, const Add& add) {
    const auto item = std::make_unique<std::int64_t>(add.by);
    return value = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(item.get()) % 4096);
  }
};

TEST(CheckTest, FindsAnAddress) { expect_found(check_few<ByAddress>(), {"S1", "S2"}); }

// The order of what is hashed is another one after a snapshot.
struct ByHash {
  using Entry = Add;
  using Outcome = std::int64_t;
  Outcome apply(const ApplyContext&, const Add& add) {
    if (counts.size() >= 8 && !counts.contains(add.by)) counts.erase(counts.begin());
    return ++counts[add.by];
  }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(counts);
  }
  friend bool operator==(const ByHash&, const ByHash&) = default;
  std::unordered_map<std::int64_t, std::int64_t> counts;
};

TEST(CheckTest, FindsAnOrderByHash) { expect_found(check_few<ByHash>(), {"S1", "S3"}); }

std::int64_t g_calls = 0;
struct Chatty : Sum {
  Outcome apply(const ApplyContext& context, const Add& add) {
    return Sum::apply(context, add) + ++g_calls;
  }
};

TEST(CheckTest, FindsOutcomesThatDifferWhereStatesDoNot) {
  CheckOptions<Chatty> options = few_seeds<Chatty>();
  expect_found(check<Chatty>(options), {"S2"}, "outcome");
}

// Looks up by hash, and has no order of its own: fine.
struct LooksUp {
  using Entry = Add;
  using Outcome = std::int64_t;
  Outcome apply(const ApplyContext&, const Add& add) { return counts[add.by] += add.by; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(counts);
  }
  std::unordered_map<std::int64_t, std::int64_t> counts;
};
struct LooksUpAndCompares : LooksUp {
  friend bool operator==(const LooksUpAndCompares& a, const LooksUpAndCompares& b) {
    return a.counts == b.counts;
  }
};

TEST(CheckTest, ASnapshotInAnotherOrderNeedsAnOperator) {
  expect_found(check_few<LooksUp>(), {"S3"}, "give the state an operator==");
  const CheckResult result = check_few<LooksUpAndCompares>();
  EXPECT_TRUE(result) << result;
}

struct Digesting : Sum {
  [[nodiscard]] std::uint64_t digest() const {
    return static_cast<std::uint64_t>(value) + (applied > 40 ? 1 : 0);
  }
  Outcome apply(const ApplyContext& context, const Add& add) {
    ++applied;
    return Sum::apply(context, add);
  }
  int applied = 0;
};

TEST(CheckTest, FindsADigestThatDiffers) {
  expect_found(check_few<Digesting>(), {"S1", "S3"}, "digest()");
}

// --- S3: snapshots -------------------------------------------------------------------------------

struct Forgetful {
  using Entry = Add;
  using Outcome = std::int64_t;
  Outcome apply(const ApplyContext&, const Add& add) {
    ++count;
    return value += count % 10 == 0 ? 100 : add.by;
  }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
  std::int64_t value = 0;
  std::int64_t count = 0;
};

TEST(CheckTest, FindsAMemberThatSerializeForgets) {
  const CheckResult result = check_few<Forgetful>();
  expect_found(result, {"S3"}, "serialize() forgets or changes something");
  EXPECT_NE(result.text().find("in the object of 16 bytes, byte 8 on held 0x"), std::string::npos)
      << result;
  EXPECT_TRUE(result.fails_again);
  EXPECT_FALSE(result.trace.empty());
}

struct ForgetfulAndCompares : Forgetful {
  friend bool operator==(const ForgetfulAndCompares& a, const ForgetfulAndCompares& b) {
    return a.value == b.value && a.count == b.count;
  }
};

TEST(CheckTest, OperatorEqualsFindsItAtOnce) {
  expect_found(check_few<ForgetfulAndCompares>(), {"S3"}, "operator== says");
}

struct Cached : Sum {
  Outcome apply(const ApplyContext& context, const Add& add) {
    largest = std::max(largest, add.by);
    return Sum::apply(context, add);
  }
  std::int64_t largest = 0;
};

TEST(CheckTest, ReadsFindWhatNoOutcomeShows) {
  CheckOptions<Cached> options = few_seeds<Cached>();
  options.read = [](const Cached& cached) { return cached.largest; };
  expect_found(check<Cached>(options), {"S3", "I11"}, "read");
}

struct Lossy {
  using Entry = Add;
  using Outcome = std::int64_t;
  Outcome apply(const ApplyContext&, const Add& add) { return value += add.by; }
  template <class Archive>
  void save(Archive& archive) const {
    archive(value);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(value);
    value &= ~1;
  }
  std::int64_t value = 0;
};

TEST(CheckTest, FindsALoadThatIsNotWhatWasSaved) {
  expect_found(check_few<Lossy>(), {"S3"}, "has another snapshot than the original");
}

// --- S4 and S5 -----------------------------------------------------------------------------------

struct Throwing : Sum {
  Outcome apply(const ApplyContext& context, const Add& add) {
    if (value > 100) throw std::runtime_error("too much");
    return Sum::apply(context, add);
  }
};

TEST(CheckTest, FindsAnApplyThatThrows) { expect_found(check_few<Throwing>(), {"S4"}, "too much"); }

TEST(CheckTest, FollowsTheRulesOfTheUser) {
  CheckOptions<Sum> options = few_seeds<Sum>();
  options.invariant = [](const Sum& sum) -> std::optional<std::string> {
    if (sum.value < 50) return std::nullopt;
    return "the sum is " + std::to_string(sum.value);
  };
  expect_found(check<Sum>(options), {"S5"}, "the invariant at node");
  options.invariant = {};
  options.across_nodes = [](const std::vector<NodeState<Sum>>& nodes) {
    for (const auto& node : nodes) {
      if (node.state.value > 50 && node.node == NodeId(2)) return false;
    }
    return true;
  };
  expect_found(check<Sum>(options), {"S5"}, "the rule across nodes");
  options.across_nodes = {};
  options.invariant = [](const Sum&) -> bool { throw std::runtime_error("oh"); };
  expect_found(check<Sum>(options), {"S5"}, "threw: oh");
}

TEST(CheckTest, WithoutEntriesNothingIsRight) {
  expect_found(check<Sum>({.seeds = 1}), {"S4"}, ".entries");
  const CheckResult none = check<Sum>({.seeds = 0, .entries = any_add});
  EXPECT_FALSE(none) << none;
}

// --- What a user brings --------------------------------------------------------------------------

TEST(CheckTest, EntriesMayChooseTheirIdsAndRepeatThem) {
  CheckOptions<Sum> options = few_seeds<Sum>();
  options.entries = [](Prng& prng) {
    return Add{{7, 1 + prng.below(60)}, static_cast<std::int64_t>(prng.below(9))};
  };
  const CheckResult result = check<Sum>(options);
  EXPECT_TRUE(result) << result;
}

class NoNines final : public Voter {
 public:
  ProposalVote contemplate_proposal(const Proposal& proposal) override {
    Add add;
    const bool is_own = proposal.entry.kind == EntryKind::kState;
    const bool decodes = is_own && decode_value(proposal.entry.payload.bytes(), add).empty();
    return {.yea = !decodes || add.by != 9, .sections = {}};
  }
};

TEST(CheckTest, VotersAndDecorationsTakePart) {
  CheckOptions<Sum> options = few_seeds<Sum>();
  options.faults.set(Fault::kNay, false);  // The voter refuses enough.
  std::uint64_t decorated = 0;
  options.voter = [](NodeId) { return std::make_unique<NoNines>(); };
  options.decorations = [&](NodeId) {
    ++decorated;
    return std::vector<std::unique_ptr<Decoration>>();
  };
  std::uint64_t nines = 0;
  options.entries = [&](Prng& prng) {
    const Add add = any_add(prng);
    nines += add.by == 9 ? 1 : 0;
    return add;
  };
  options.invariant = [](const Sum&) { return true; };
  const CheckResult result = check<Sum>(options);
  EXPECT_TRUE(result) << result;
  EXPECT_GT(decorated, 6u * 3u);
  EXPECT_GT(nines, 0u);
}

// --- Replaying -----------------------------------------------------------------------------------

class Environment {
 public:
  Environment(const char* variable, const char* value) : variable_(variable) {
    setenv(variable, value, 1);
  }
  ~Environment() { unsetenv(variable_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* variable_;
};

TEST(CheckTest, TheEnvironmentChoosesSeeds) {
  const CheckResult failed = check_few<Forgetful>();
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.replay.starts_with("SYNOD_SEED=" + std::to_string(failed.failed_seed) + " "));
  std::uint64_t lines = 0;
  CheckOptions<Forgetful> options = few_seeds<Forgetful>();
  options.trace = [&](std::string_view) { ++lines; };
  {
    const Environment seed("SYNOD_SEED", std::to_string(failed.failed_seed).c_str());
    const CheckResult again = check<Forgetful>(options);
    EXPECT_EQ(again.violations, failed.violations);
    EXPECT_EQ(again.seeds, 1u);
    EXPECT_GT(lines, 100u);
  }
  const Environment seeds("SYNOD_SEEDS", "2");
  EXPECT_EQ(check_few<Sum>().seeds, 2u);
}

TEST(CheckTest, TheEnvironmentAsksForADiagramOfTheSeedThatFailed) {
  const std::string path = testing::TempDir() + "synod_check_test_" + std::to_string(getpid());
  const Environment html("SYNOD_HTML", path.c_str());
  const CheckResult failed = check_few<Forgetful>();
  ASSERT_FALSE(failed);
  std::ifstream file(path);
  const std::string page(std::istreambuf_iterator<char>(file), {});
  std::remove(path.c_str());
  EXPECT_NE(page.find("<title>"), std::string::npos);
  EXPECT_NE(page.find("seed " + std::to_string(failed.failed_seed)), std::string::npos);
  const std::string rule = failed.violations.front().substr(0, 3);  // As "S3:".
  EXPECT_NE(page.find(rule), std::string::npos) << failed.violations.front();
}

TEST(CheckTest, TheReplayNamesTheTestThatFailed) {
  const CheckResult failed = check<Sum>({.seeds = 0, .entries = any_add});
  EXPECT_NE(failed.replay.find("--gtest_filter=CheckTest.TheReplayNamesTheTestThatFailed"),
            std::string::npos)
      << failed.replay;
  EXPECT_EQ(test_name_of("virtual void {anonymous}::A_B_Test::TestBody()"), "A.B");
  EXPECT_EQ(test_name_of("virtual void n::A_B_Test::TestBody()"), "A.B");
  EXPECT_EQ(test_name_of("virtual void A_B_C_Test::TestBody()"), "");  // Which is the test's part?
  EXPECT_EQ(test_name_of("int main()"), "");
}

}  // namespace
}  // namespace synod::simulation
