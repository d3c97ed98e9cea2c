// Crashes at every operation, with every kind of tearing: nothing that was acknowledged is lost,
// and nothing is given back that was not written.
#include <gtest/gtest.h>

#include <set>

#include "journal/format.hpp"
#include "unit/journal/support.hpp"

namespace synod::testing {
namespace {

// What a node does in a life: batches that go past several segments, two checkpoints, and one batch
// larger than a segment.
struct Script {
  std::vector<WriteBatch> batches;
  std::vector<std::vector<Record>> after;  // What the journal holds after so many batches.

  Script() {
    after.push_back({});
    add(batch_of({IdentityRecord{kMemory}, promise(1)}));
    add(batch_of({accepted(1, 900), CommitMarkRecord{RoundNum(1)}}));
    add(batch_of({accepted(2, 900)}));
    add(batch_of({accepted(3, 900), accepted(4, 500)}));
    add(batch_of({accepted(5, 6000)}));
    add(checkpoint_of(4, {IdentityRecord{kMemory}, promise(1), accepted(5, 40)}));
    add(batch_of({promise(7)}));
    add(batch_of({accepted(6, 3500)}));
    add(batch_of({accepted(7, 700)}));
    add(checkpoint_of(6, {IdentityRecord{kMemory}, promise(7)}));
    add(batch_of({accepted(8, 10)}));
  }
  void add(WriteBatch batch) {
    std::vector<Record> records = batch.checkpoint ? std::vector<Record>() : after.back();
    records.insert(records.end(), batch.records.begin(), batch.records.end());
    after.push_back(std::move(records));
    batches.push_back(std::move(batch));
  }
};
const Script& script() {
  static const Script script;
  return script;
}

// Plays the script from where the journal stands, each batch in the completion of the one before.
class Player {
 public:
  Player(JournalOnDisk& node, std::size_t from) : node_(node), acknowledged_(from), begun_(from) {}

  void go_on() {
    if (begun_ == script().batches.size()) return;
    const WriteBatch& batch = script().batches[begun_];
    if (!batch.checkpoint) return write(batch);
    node_.journal->save(snapshot(batch.checkpoint_round.value(), 5000),
                        [this, &batch](const absl::Status& status) {
                          ASSERT_TRUE(status.ok()) << status;
                          write(batch);
                        });
  }
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::size_t begun() const { return begun_; }

 private:
  void write(const WriteBatch& batch) {
    ++begun_;
    (void)node_.journal->write(batch, [this](const absl::Status& status) {
      ASSERT_TRUE(status.ok()) << status;
      ++acknowledged_;
      go_on();
    });
  }

  JournalOnDisk& node_;
  std::size_t acknowledged_;
  std::size_t begun_;
};

// How many batches `loaded` holds the result of; fails where that is less than was acknowledged,
// more than was begun, or nothing that ever was.
std::size_t check(const absl::StatusOr<Loaded>& loaded, std::size_t acknowledged,
                  std::size_t begun) {
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  if (!loaded.ok()) return 0;
  EXPECT_NE(loaded->memory, MemoryKind::kDamaged) << loaded->detail;
  for (std::size_t held = acknowledged; held <= begun; ++held) {
    if (script().after[held] != loaded->records) continue;
    EXPECT_EQ(loaded->memory, held == 0 ? MemoryKind::kAbsent : MemoryKind::kIntact);
    if (held >= 6) {
      EXPECT_NE(loaded->snapshot, nullptr);
      if (loaded->snapshot != nullptr) {
        EXPECT_GE(loaded->snapshot->round, RoundNum(held >= 10 ? 6 : 4));
        EXPECT_TRUE(loaded->snapshot->bytes ==
                    snapshot(loaded->snapshot->round.value(), 5000)->bytes);
      }
    }
    return held;
  }
  ADD_FAILURE() << loaded->records.size() << " records, after " << acknowledged << " to " << begun
                << " batches";
  return acknowledged;
}

// Lets a life make so many steps; false if it had fewer to make.
bool steps(JournalOnDisk& node, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!node.loop.step()) return false;
  }
  return true;
}

enum class End { kKill, kPower, kPowerLosingAll };
void end(JournalOnDisk& node, End how) {
  switch (how) {
    case End::kKill:
      return node.kill();
    case End::kPower:
      return node.crash();
    case End::kPowerLosingAll:
      return node.crash_losing_all();
  }
}

// One story: a life of `first` steps, a start of `second` steps that is cut short too, then a whole
// start whose power fails at once, and another life to the end. False when `first` is past the end.
bool play(std::uint64_t seed, std::size_t first, End how, std::size_t second) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::to_string(first) + " steps, end " +
               std::to_string(static_cast<int>(how)) + ", then " + std::to_string(second));
  JournalOnDisk node(seed);
  EXPECT_EQ(check(node.open_and_load(), 0, 0), 0u);
  Player player(node, 0);
  player.go_on();
  const bool whole = steps(node, first);
  end(node, how);

  node.open();
  node.journal->load([](const absl::StatusOr<Loaded>&) {});
  steps(node, second);
  end(node, how);

  const std::size_t held = check(node.open_and_load(), player.acknowledged(), player.begun());
  node.crash_losing_all();
  // What a start gave back is durable (H11b).
  EXPECT_EQ(check(node.open_and_load(), held, held), held);
  Player rest(node, held);
  rest.go_on();
  node.loop.run();
  EXPECT_EQ(rest.acknowledged(), script().batches.size());
  node.crash_losing_all();
  check(node.open_and_load(), script().batches.size(), script().batches.size());
  return whole;
}

TEST(JournalCrash, AtEveryStepInEveryWay) {
  std::size_t stories = 0;
  for (std::size_t first = 0;; ++first) {
    bool whole = true;
    for (const End how : {End::kKill, End::kPower, End::kPowerLosingAll}) {
      for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        whole = play(seed * 1000 + first, first, how, (seed * 7 + first) % 12) && whole;
        ++stories;
      }
    }
    if (!whole || HasFailure()) break;
  }
  EXPECT_GT(stories, 300u);
}

TEST(JournalCrash, DuringEveryStepOfAStart) {
  for (std::size_t first = 3; first < 60; first += 8) {
    for (std::size_t second = 0; second < 24; ++second) {
      for (const End how : {End::kKill, End::kPower}) play(first * 31 + second, first, how, second);
    }
  }
}

// The write of one batch, torn at each byte and in each subset of eight parts.
TEST(JournalCrash, EveryTearOfTheLastWrite) {
  const auto prepare = [](JournalOnDisk& node) {
    ASSERT_TRUE(node.open_and_load().ok());
    ASSERT_TRUE(node.write(batch_of({IdentityRecord{kMemory}})).ok());
    ASSERT_TRUE(node.write(batch_of({promise(1)})).ok());
    (void)node.journal->write(script().batches[1], [](const absl::Status&) { FAIL(); });
  };
  const std::vector<Record> before = {IdentityRecord{kMemory}, promise(1)};
  std::vector<Record> after = before;
  for (const Record& record : script().batches[1].records) after.push_back(record);
  std::set<std::size_t> sizes;
  const auto expect = [&](JournalOnDisk& node, bool all) {
    node.bury();
    const auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    ASSERT_EQ(loaded->memory, MemoryKind::kIntact) << loaded->detail;
    EXPECT_TRUE(loaded->records == (all ? after : before)) << loaded->records.size();
    sizes.insert(loaded->records.size());
  };
  JournalOnDisk probe;
  prepare(probe);
  const std::uint64_t total = probe.disk.unsynced_bytes();
  ASSERT_GT(total, 900u);
  // The disk holds zeros already, so zeros at the end of the write cannot get lost.
  const Bytes& content = *probe.disk.content(segment(1));
  std::uint64_t written = 0;
  std::uint64_t matters = 0;
  probe.disk.crash_with([&](const std::string& name, std::uint64_t offset) {
    ++written;
    if (name == segment(1) && content[offset] != std::byte{0}) matters = written;
    return false;
  });
  ASSERT_EQ(written, total);
  for (std::uint64_t keep = 0; keep <= total; ++keep) {
    JournalOnDisk node;
    prepare(node);
    std::uint64_t seen = 0;
    node.disk.crash_with([&](const std::string&, std::uint64_t) { return seen++ < keep; });
    expect(node, keep >= matters);
  }
  for (std::uint64_t parts = 0; parts < 256; ++parts) {
    JournalOnDisk node;
    prepare(node);
    std::uint64_t seen = 0;
    node.disk.crash_with([&](const std::string&, std::uint64_t) {
      return ((parts >> (seen++ * 8 / total)) & 1) != 0;
    });
    expect(node, parts == 255);
  }
  EXPECT_EQ(sizes.size(), 2u);
}

// Hazard H11b: read back is not durable until it is written again.
TEST(JournalCrash, H11bReadBackIsMadeDurable) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of({IdentityRecord{kMemory}})).ok());
  (void)node.journal->write(batch_of({promise(9)}), [](const absl::Status&) { FAIL(); });
  // Written, not synced: the process dies, and the next reads it from the page cache.
  ASSERT_GT(node.disk.unsynced_bytes(), 0u);
  node.kill();
  const std::vector<Record> all = {IdentityRecord{kMemory}, promise(9)};
  auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  ASSERT_TRUE(loaded->records == all);
  node.crash_losing_all();
  loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kIntact);
  EXPECT_TRUE(loaded->records == all) << loaded->records.size();
}

// A start that is killed at its `operation`-th operation, once that has begun.
void start_and_be_killed(JournalOnDisk& node, std::uint64_t operation) {
  node.open();
  node.disk.set_trap(operation, TrapMoment::kWithin, [] {});
  (void)node.load();
  node.kill();
}

// Hazard H11(b), for the mark: a start that reads a mark back from the cache of a process that was
// killed may not remove what an earlier mark names, before the mark that it read is durable.
TEST(JournalCrash, H11bAStartDoesNotRestOnAMarkThatOnlyTheCacheHolds) {
  for (std::uint64_t first = 1; first <= 16; ++first) {
    for (std::uint64_t second = 1; second <= 16; ++second) {
      JournalOnDisk node;
      ASSERT_TRUE(node.open_and_load().ok());
      ASSERT_TRUE(node.write(batch_of({IdentityRecord{kMemory}, promise(1)})).ok());
      node.crash();
      // It does not see which batch is marked, so it writes the last one again.
      node.disk.misread(std::string(journal_format::kMarkName),
                        Bytes(journal_format::kMarkFileBytes));
      start_and_be_killed(node, first);
      start_and_be_killed(node, second);
      ASSERT_TRUE(node.open_and_load().ok());
      node.crash_losing_all();
      const auto loaded = node.open_and_load();
      ASSERT_TRUE(loaded.ok());
      EXPECT_EQ(loaded->memory, MemoryKind::kIntact)
          << first << " " << second << ": " << loaded->detail;
    }
  }
}

}  // namespace
}  // namespace synod::testing
