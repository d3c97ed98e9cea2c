// Hazard H25 with real nodes and files: what is copied is a new memory, what is moved or adopted is
// not.
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "integration/accounts.hpp"

namespace synod::test {
namespace {

namespace fs = std::filesystem;

// Without birth times no copy is noticed, as docs/how-to/storage.md says.
bool tells_birth_times(const std::string& path) {
  struct statx status = {};
  return ::statx(AT_FDCWD, path.c_str(), 0, STATX_BTIME, &status) == 0 &&
         (status.stx_mask & STATX_BTIME) != 0;
}

int adopt(const std::string& directory) {
  const std::string command = SYNOD_JOURNAL_COMMAND;
  return std::system(
      (command + " adopt " + directory + " --this-is-the-latest > /dev/null").c_str());
}

// One start of a node with a journal, and what it says of its memory. Once it is over, nothing of
// it touches the directory any more.
class Life {
 public:
  Life(NodeId id, const std::vector<Member>& members, const std::string& directory)
      : node(make_node(threads_.io, id, members, journal(directory))) {
    node->on_event([this](const Event& event) { hear(event); });
    const absl::Status status = node->async_start(asio::use_future).get();
    EXPECT_TRUE(status.ok()) << status;
  }
  ~Life() {
    EXPECT_TRUE(node->async_shut_down(asio::use_future).get().ok());
    node.reset();
    threads_.finish();
  }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  std::int64_t append(std::uint64_t low, std::int64_t amount) {
    return node->async_append(deposit(low, amount), asio::use_future).get().value_or(-1);
  }
  std::int64_t read() {
    return node->async_read(kLinearizable, total_of, asio::use_future).get().value_or(-1);
  }

  std::promise<std::string> copied;   // A warning that says so.
  std::promise<std::string> waiting;  // For the cluster to be known; says what to do.
  std::promise<bool> voting;          // Whether it was admitted anew before it voted.

 private:
  void hear(const Event& event) {
    const auto* warning = std::get_if<Warning>(&event);
    if (warning != nullptr && warning->text.find("is a copy") != std::string::npos) {
      tell(copied, warning->text);
    }
    const auto* changed = std::get_if<ParticipationChanged>(&event);
    if (changed == nullptr) return;
    if (changed->reason == PassiveReason::kGenesis &&
        changed->detail.find("synod-journal adopt") != std::string::npos) {
      tell(waiting, changed->detail);
    }
    if (changed->reason == PassiveReason::kMemoryLost) lost_ = true;
    if (changed->after == Participation::kActive) tell(voting, lost_);
  }

  // Whoever waits is told once.
  template <class Value>
  void tell(std::promise<Value>& promise, const Value& value) {
    if (told_.insert(&promise).second) promise.set_value(value);
  }

  Threads threads_ = Threads(1);

 public:
  std::unique_ptr<AccountNode> node;

 private:
  bool lost_ = false;
  std::set<const void*> told_;
};

class NodeCopies : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(directory.part(NodeId(9)));
    if (!tells_birth_times(directory.part(NodeId(9)))) GTEST_SKIP() << "no birth times";
  }
  std::unique_ptr<Life> start(std::uint64_t id) {
    return std::make_unique<Life>(NodeId(id), members, part(id));
  }
  std::string part(std::uint64_t id) { return directory.part(NodeId(id)); }
  void copy(std::uint64_t id) {
    fs::rename(part(id), part(id) + "-original");
    fs::copy(part(id) + "-original", part(id), fs::copy_options::recursive);
  }

  TemporaryDirectory directory;
  std::vector<Member> members = members_on_free_ports(3);
};

TEST_F(NodeCopies, AnOldBackupIsAdmittedAnewAndThenCounts) {
  auto one = start(1);
  auto two = start(2);
  auto three = start(3);
  ASSERT_EQ(one->append(1, 10), 10);
  three.reset();
  fs::copy(part(3), part(3) + "-backup", fs::copy_options::recursive);
  three = start(3);
  ASSERT_EQ(three->append(2, 20), 30);
  three.reset();
  fs::remove_all(part(3));
  fs::copy(part(3) + "-backup", part(3), fs::copy_options::recursive);

  three = start(3);
  EXPECT_NE(three->copied.get_future().get().find("copied-"), std::string::npos);
  EXPECT_TRUE(three->voting.get_future().get());
  EXPECT_EQ(three->read(), 30);
  one.reset();
  EXPECT_EQ(three->append(3, 30), 60);  // By two and three: the new memory counts.
}

TEST_F(NodeCopies, AMovedDirectoryIsWhatItWas) {
  auto one = start(1);
  auto two = start(2);
  auto three = start(3);
  ASSERT_EQ(one->append(1, 10), 10);
  three.reset();
  fs::rename(part(3), part(8));
  three = std::make_unique<Life>(NodeId(3), members, part(8));
  EXPECT_FALSE(three->voting.get_future().get());
  EXPECT_EQ(three->read(), 10);
}

TEST_F(NodeCopies, AnAdoptedCopyIsWhatItWas) {
  auto one = start(1);
  auto two = start(2);
  auto three = start(3);
  ASSERT_EQ(one->append(1, 10), 10);
  three.reset();
  copy(3);
  ASSERT_EQ(adopt(part(3)), 0);
  three = start(3);
  EXPECT_FALSE(three->voting.get_future().get());
  EXPECT_EQ(three->read(), 10);
}

// Nobody is left who counts: all wait, and say what may be done. Nothing is lost by that.
TEST_F(NodeCopies, ACopiedClusterWaitsUntilItIsAdopted) {
  auto one = start(1);
  auto two = start(2);
  auto three = start(3);
  ASSERT_EQ(one->append(1, 10), 10);
  one.reset(), two.reset(), three.reset();
  for (std::uint64_t id = 1; id <= 3; ++id) copy(id);
  one = start(1), two = start(2), three = start(3);
  for (auto* each : {&one, &two, &three}) (*each)->waiting.get_future().get();
  one.reset(), two.reset(), three.reset();
  for (std::uint64_t id = 1; id <= 3; ++id) ASSERT_EQ(adopt(part(id)), 0);
  one = start(1), two = start(2), three = start(3);
  EXPECT_EQ(two->read(), 10);
  EXPECT_EQ(three->append(2, 20), 30);
}

}  // namespace
}  // namespace synod::test
