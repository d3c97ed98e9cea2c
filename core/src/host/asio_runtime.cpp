#include <synod/asio_runtime.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include <asio/basic_waitable_timer.hpp>
#include <asio/post.hpp>

#include <synod/check.hpp>

namespace synod {
namespace {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Strand>;

// The timer's own clock stops while the machine is suspended and may run at another pace, so no wait
// is longer than this: after it, the deadline is looked at again.
constexpr Duration kWaitMax = std::chrono::hours(1);

Timestamp boot_time() {
  timespec time = {};
  const int failed = clock_gettime(CLOCK_BOOTTIME, &time);
  SYNOD_CHECK(failed == 0, "CLOCK_BOOTTIME is there on every Linux");
  return Timestamp(std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000);
}

}  // namespace

// Handlers share it, so that it outlives the runtime for as long as one is under way.
struct AsioRuntime::Shared : std::enable_shared_from_this<Shared> {
  explicit Shared(Strand on) : strand(std::move(on)), timer(strand) {}

  void arm() {
    armed_for = deadline;
    const Timestamp now = boot_time();
    const Duration wait = deadline > now ? deadline.since(now) : Duration(0);
    timer.expires_after(std::min(wait, kWaitMax));
    timer.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error && !self->closed) self->woken();
    });
  }

  void woken() {
    armed_for = Timestamp::max();
    if (deadline == Timestamp::max()) return;
    // The timer was armed for an earlier deadline than the one that holds now.
    if (boot_time() < deadline) return arm();
    deadline = Timestamp::max();
    waker();
  }

  // Constant after construction, and after on_wake().
  Strand strand;
  absl::AnyInvocable<void()> waker;
  // On the strand only.
  Timer timer;
  Timestamp deadline = Timestamp::max();
  Timestamp armed_for = Timestamp::max();  // Never after `deadline`, unless that is max().
  bool closed = false;
};

AsioRuntime::AsioRuntime(const asio::any_io_executor& executor)
    : AsioRuntime(Strand(executor)) {}

AsioRuntime::AsioRuntime(Strand strand) : shared_(std::make_shared<Shared>(std::move(strand))) {}

AsioRuntime::~AsioRuntime() {
  shared_->closed = true;
  shared_->timer.cancel();
}

const Strand& AsioRuntime::strand() const { return shared_->strand; }

Timestamp AsioRuntime::now() { return boot_time(); }

void AsioRuntime::post(absl::AnyInvocable<void()> work) {
  asio::post(shared_->strand, [shared = shared_, work = std::move(work)]() mutable {
    if (!shared->closed) work();
  });
}

void AsioRuntime::wake_at(Timestamp deadline) {
  SYNOD_CHECK(shared_->waker != nullptr, "on_wake() comes before the first wake_at()");
  shared_->deadline = deadline;
  if (deadline < shared_->armed_for) shared_->arm();
}

void AsioRuntime::on_wake(absl::AnyInvocable<void()> waker) {
  SYNOD_CHECK(shared_->waker == nullptr, "on_wake() is called once");
  shared_->waker = std::move(waker);
}

}  // namespace synod
