// A cluster of one, in another project: it starts, adds two numbers, and stops.
#include <synod/decorations/heartbeats.hpp>
#include <synod/decorations/track_leadership.hpp>
#include <synod/in_process_communicator.hpp>
#include <synod/memory_storage.hpp>
#include <synod/node.hpp>

#include <asio.hpp>
#include <asio/use_future.hpp>

#include <iostream>
#include <thread>

namespace {

struct Addition {
  synod::EntryId entry_id;
  long summand = 0;

  [[nodiscard]] synod::EntryId id() const { return entry_id; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(entry_id.high, entry_id.low, summand);
  }
};

class Sum {
 public:
  using Entry = Addition;
  using Outcome = long;

  Outcome apply(const synod::ApplyContext& /*context*/, const Addition& addition) {
    return sum_ += addition.summand;
  }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(sum_);
  }

 private:
  long sum_ = 0;
};

}  // namespace

int main() {
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  std::thread thread([&io] { io.run(); });

  synod::InProcessNetwork network;
  synod::NodeOptions options;
  options.id = synod::NodeId(1);
  options.cluster = "consumer";
  options.members = {synod::Member{.id = synod::NodeId(1)}};
  options.found_alone = true;
  synod::Node<Sum> node(
      io, std::move(options),
      [&network](const synod::HostContext& context)
          -> absl::StatusOr<std::unique_ptr<synod::Communicator>> {
        return network.connect(context.strand);
      },
      synod::memory());
  auto& leadership = node.decorate<synod::TrackLeadership>();
  node.decorate<synod::Heartbeats>({}, leadership);

  const absl::Status started = node.async_start(asio::use_future).get();
  Addition addition{.entry_id = {1, 1}, .summand = 20};
  const absl::StatusOr<long> first = node.async_append(addition, asio::use_future).get();
  addition = {.entry_id = {1, 2}, .summand = 22};
  const absl::StatusOr<long> second = node.async_append(addition, asio::use_future).get();
  const absl::Status stopped = node.async_shut_down(asio::use_future).get();
  work.reset();
  thread.join();

  std::cout << started << ' ' << first.status() << ' ' << second.status() << ' ' << stopped << '\n';
  return started.ok() && first.ok() && second.ok() && *second == 42 && stopped.ok() ? 0 : 1;
}
