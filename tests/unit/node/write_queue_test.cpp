#include "node/write_queue.hpp"

#include <gtest/gtest.h>

namespace synod {
namespace {

Outgoing note(const std::string& name) { return {{NodeId(2)}, Note{name, {}}}; }

std::string name_of(const Outgoing& outgoing) { return std::get<Note>(outgoing.message).name; }

Record promise(std::uint64_t counter) { return PromiseRecord{{counter, NodeId(1), Incarnation(1)}}; }

class WriteQueueTest : public ::testing::Test {
 protected:
  void gather(Output output) { queue_.gather(output, leaving_); }
  // An output with one record and one message that waits for it.
  void gather_vote(std::uint64_t sequence) {
    Output output;
    output.records.push_back(promise(sequence));
    output.sequence = sequence;
    output.after_records.push_back(note("vote " + std::to_string(sequence)));
    gather(std::move(output));
  }

  WriteQueue queue_{1000};
  std::vector<Outgoing> leaving_;
  const Timestamp now_{1};
};

TEST_F(WriteQueueTest, HoldsAVoteUntilItsRecordIsDurable) {
  gather_vote(1);
  EXPECT_TRUE(leaving_.empty());
  ASSERT_NE(queue_.begin(now_), nullptr);
  EXPECT_TRUE(leaving_.empty());
  queue_.written(leaving_);
  ASSERT_EQ(leaving_.size(), 1u);
  EXPECT_EQ(name_of(leaving_[0]), "vote 1");
  EXPECT_TRUE(queue_.idle());
}

TEST_F(WriteQueueTest, GathersWhatComesDuringAWriteIntoTheNext) {
  gather_vote(1);
  const auto first = queue_.begin(now_);
  gather_vote(2);
  gather_vote(3);
  EXPECT_EQ(queue_.begin(now_), nullptr);
  EXPECT_EQ(first->batch.records.size(), 1u);
  queue_.written(leaving_);
  EXPECT_EQ(leaving_.size(), 1u);
  const auto second = queue_.begin(now_);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->batch.records.size(), 2u);
  EXPECT_EQ(second->sequence, 3u);
  queue_.written(leaving_);
  EXPECT_EQ(leaving_.size(), 3u);
}

TEST_F(WriteQueueTest, AnAnswerWithoutARecordWaitsForEveryEarlierOne) {
  gather_vote(1);
  Output repeated;
  repeated.sequence = 1;
  repeated.after_records.push_back(note("again"));
  gather(std::move(repeated));
  EXPECT_TRUE(leaving_.empty());
  static_cast<void>(queue_.begin(now_));
  queue_.written(leaving_);
  ASSERT_EQ(leaving_.size(), 2u);
  EXPECT_EQ(name_of(leaving_[1]), "again");

  Output later;
  later.after_records.push_back(note("at once"));
  gather(std::move(later));
  EXPECT_EQ(leaving_.size(), 3u);
}

TEST_F(WriteQueueTest, LazyRecordsWaitForTheirTimeOrForCompany) {
  Output lazy;
  lazy.lazy_records.push_back(CommitMarkRecord{RoundNum(1)});
  lazy.sequence = 1;
  lazy.write_lazy_by = Timestamp(50);
  gather(std::move(lazy));
  EXPECT_EQ(queue_.begin(now_), nullptr);
  EXPECT_EQ(queue_.deadline(), Timestamp(50));
  gather_vote(2);
  const auto batch = queue_.begin(now_);
  ASSERT_NE(batch, nullptr);
  ASSERT_EQ(batch->batch.records.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<CommitMarkRecord>(batch->batch.records[0]));
}

TEST_F(WriteQueueTest, LazyRecordsAloneAreWrittenWhenDue) {
  Output lazy;
  lazy.lazy_records.push_back(CommitMarkRecord{RoundNum(1)});
  lazy.write_lazy_by = Timestamp(50);
  gather(std::move(lazy));
  EXPECT_EQ(queue_.begin(Timestamp(49)), nullptr);
  EXPECT_NE(queue_.begin(Timestamp(50)), nullptr);
}

TEST_F(WriteQueueTest, LazyRecordsPastTheByteBoundAreWrittenAtOnce) {
  Output lazy;
  Entry entry;
  entry.payload = Payload::copy_of(std::string(2000, 'x'));
  lazy.lazy_records.push_back(CommittedRecord{{RoundNum(1), {}, entry}});
  gather(std::move(lazy));
  EXPECT_NE(queue_.begin(now_), nullptr);
}

TEST_F(WriteQueueTest, AMessageThatWaitsCausesTheWriteOfLazyRecords) {
  Output lazy;
  lazy.lazy_records.push_back(CommitMarkRecord{RoundNum(1)});
  lazy.after_records.push_back(note("waits"));
  gather(std::move(lazy));
  EXPECT_TRUE(leaving_.empty());
  EXPECT_NE(queue_.begin(now_), nullptr);
}

TEST_F(WriteQueueTest, ACheckpointIsABatchOfItsOwnInItsPlace) {
  gather_vote(1);
  Output checkpoint;
  checkpoint.records.push_back(promise(1));
  checkpoint.sequence = 2;
  checkpoint.checkpoint = true;
  checkpoint.checkpoint_round = RoundNum(7);
  gather(std::move(checkpoint));
  gather_vote(3);

  EXPECT_FALSE(queue_.begin(now_)->batch.checkpoint);
  queue_.written(leaving_);
  const auto second = queue_.begin(now_);
  EXPECT_TRUE(second->batch.checkpoint);
  EXPECT_EQ(second->batch.checkpoint_round, RoundNum(7));
  EXPECT_EQ(second->batch.records.size(), 1u);
  EXPECT_EQ(second->sequence, 2u);
  queue_.written(leaving_);
  EXPECT_EQ(leaving_.size(), 1u);
  EXPECT_FALSE(queue_.begin(now_)->batch.checkpoint);
  queue_.written(leaving_);
  EXPECT_EQ(leaving_.size(), 2u);
}

TEST_F(WriteQueueTest, DoesNotReuseABatchThatAStorageStillHolds) {
  gather_vote(1);
  const auto held = queue_.begin(now_);
  queue_.written(leaving_);
  gather_vote(2);
  const auto next = queue_.begin(now_);
  EXPECT_NE(held, next);
  EXPECT_EQ(held->sequence, 1u);
}

}  // namespace
}  // namespace synod
