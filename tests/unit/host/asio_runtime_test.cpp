#include <synod/asio_runtime.hpp>

#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include <ctime>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace synod {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class AsioRuntimeTest : public ::testing::Test {
 protected:
  asio::io_context io_;
  std::unique_ptr<AsioRuntime> runtime_ = std::make_unique<AsioRuntime>(io_.get_executor());
  std::vector<Timestamp> wakings_;

  void record_wakings() {
    runtime_->on_wake([this] { wakings_.push_back(runtime_->now()); });
  }
};

TEST_F(AsioRuntimeTest, now_is_the_clock_that_counts_in_suspend) {
  timespec before = {};
  clock_gettime(CLOCK_BOOTTIME, &before);
  const Timestamp now = runtime_->now();
  timespec after = {};
  clock_gettime(CLOCK_BOOTTIME, &after);
  EXPECT_GE(now.microseconds(), before.tv_sec * 1'000'000 + before.tv_nsec / 1000);
  EXPECT_LE(now.microseconds(), after.tv_sec * 1'000'000 + after.tv_nsec / 1000);
}

TEST_F(AsioRuntimeTest, posted_work_runs_later_in_order_and_one_at_a_time) {
  std::vector<int> order;
  runtime_->post([&] {
    runtime_->post([&] { order.push_back(3); });
    order.push_back(1);
  });
  runtime_->post([&] { order.push_back(2); });
  EXPECT_TRUE(order.empty());
  io_.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(AsioRuntimeTest, work_from_many_threads_runs_one_at_a_time) {
  int unguarded = 0;
  const auto post_many = [&] {
    for (int i = 0; i < 1000; ++i) runtime_->post([&] { ++unguarded; });
  };
  std::thread first(post_many);
  std::thread second(post_many);
  first.join();
  second.join();
  std::thread other([&] { io_.run(); });
  io_.run();
  other.join();
  EXPECT_EQ(unguarded, 2000);
}

TEST_F(AsioRuntimeTest, wakes_once_and_not_before_the_deadline) {
  record_wakings();
  const Timestamp deadline = runtime_->now().after(milliseconds(3));
  runtime_->wake_at(deadline);
  io_.run();
  ASSERT_EQ(wakings_.size(), 1u);
  EXPECT_GE(wakings_[0], deadline);
}

TEST_F(AsioRuntimeTest, a_deadline_that_has_passed_wakes_later_not_inside_the_call) {
  record_wakings();
  runtime_->wake_at(Timestamp(0));
  EXPECT_TRUE(wakings_.empty());
  io_.run();
  EXPECT_EQ(wakings_.size(), 1u);
}

TEST_F(AsioRuntimeTest, an_earlier_deadline_replaces_a_later_one) {
  record_wakings();
  runtime_->wake_at(runtime_->now().after(hours(10)));
  runtime_->wake_at(runtime_->now().after(milliseconds(1)));
  io_.run();
  EXPECT_EQ(wakings_.size(), 1u);
}

TEST_F(AsioRuntimeTest, a_later_deadline_replaces_an_earlier_one) {
  record_wakings();
  const Timestamp later = runtime_->now().after(milliseconds(6));
  runtime_->wake_at(runtime_->now().after(milliseconds(1)));
  runtime_->wake_at(later);
  io_.run();
  ASSERT_EQ(wakings_.size(), 1u);
  EXPECT_GE(wakings_[0], later);
}

TEST_F(AsioRuntimeTest, no_deadline_is_no_waking) {
  record_wakings();
  runtime_->wake_at(runtime_->now().after(milliseconds(1)));
  runtime_->wake_at(Timestamp::max());
  io_.run();
  EXPECT_TRUE(wakings_.empty());
}

TEST_F(AsioRuntimeTest, a_waker_may_set_the_next_deadline) {
  int left = 5;
  runtime_->on_wake([&] {
    if (--left > 0) runtime_->wake_at(runtime_->now().after(Duration(100)));
  });
  runtime_->wake_at(runtime_->now());
  io_.run();
  EXPECT_EQ(left, 0);
}

TEST_F(AsioRuntimeTest, nothing_runs_once_it_is_destroyed) {
  record_wakings();
  bool ran = false;
  runtime_->wake_at(runtime_->now());
  runtime_->post([&] { ran = true; });
  runtime_ = nullptr;
  io_.run();
  EXPECT_FALSE(ran);
  EXPECT_TRUE(wakings_.empty());
}

TEST_F(AsioRuntimeTest, a_context_that_goes_frees_what_was_posted) {
  auto kept = std::make_shared<int>(1);
  std::optional<asio::io_context> context(std::in_place);
  {
    AsioRuntime runtime(context->get_executor());
    runtime.post([kept] { FAIL() << "nobody runs it"; });
    runtime.on_wake([kept] {});
    runtime.wake_at(runtime.now());
  }
  context.reset();
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace synod
