// File: tests/support/small_world.hpp
//
// A clock, a storage and a network for tests of one runner or a few: everything happens when the test
// says so, in the same order every time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <synod/communicator.hpp>
#include <synod/runtime.hpp>
#include <synod/storage.hpp>

namespace synod::testing {

// Time, and what happens at which moment. Work of one moment runs in the order in which it was added.
class World {
 public:
  [[nodiscard]] Timestamp now() const { return now_; }
  void at(Timestamp time, absl::AnyInvocable<void()> work);
  // Runs everything up to `duration` from now, and leaves the clock there.
  void run_for(Duration duration);
  // The same, but stops as soon as `condition` holds; false where it never did.
  bool run_until(const std::function<bool()>& condition, Duration longest);

 private:
  bool run_one(Timestamp end);

  Timestamp now_{1'000'000};
  std::uint64_t last_ = 0;
  std::map<std::pair<Timestamp, std::uint64_t>, absl::AnyInvocable<void()>> work_;
};

class WorldRuntime final : public Runtime {
 public:
  explicit WorldRuntime(World& world) : world_(&world) {}
  Timestamp now() override { return world_->now(); }
  void post(absl::AnyInvocable<void()> work) override;
  void wake_at(Timestamp deadline) override;
  void on_wake(absl::AnyInvocable<void()> waker) override;

 private:
  struct Waker {
    absl::AnyInvocable<void()> call;
    std::uint64_t armed = 0;  // The last wake_at; earlier ones are void.
  };

  World* world_;
  std::shared_ptr<Waker> waker_ = std::make_shared<Waker>();
};

// What a storage remembers; outlives the runners that use it one after the other.
struct Disk {
  bool written = false;  // An identity is there.
  std::vector<Record> records;
  SnapshotPtr snapshot;
  std::uint64_t writes = 0;
};

// A storage whose writes the test completes, delays or fails.
class WorldStorage final : public Storage {
 public:
  enum class Mode : std::uint8_t {
    kAtOnce,  // write() answers kWritten.
    kLater,   // Durable after `latency`.
    kNever,   // Until complete() is called.
    kFull,    // ResourceExhausted, after `latency`.
    kBroken,  // DataLoss, after `latency`.
  };

  WorldStorage(World& world, Disk& disk) : world_(&world), disk_(&disk) {}
  ~WorldStorage() override { *alive_ = false; }

  Mode mode = Mode::kAtOnce;
  Duration latency = std::chrono::milliseconds(1);
  absl::Status load_status;

  void load(LoadDone done) override;
  WriteStart write(const WriteBatch& batch, WriteDone done) override;
  void save(SnapshotPtr snapshot, WriteDone done) override;
  std::uint64_t size() const override { return disk_->records.size(); }

  // Ends the write that is under way; false where there is none.
  bool complete(absl::Status status = absl::OkStatus());
  [[nodiscard]] const WriteBatch* under_way() const { return batch_; }

 private:
  void keep(const WriteBatch& batch);

  World* world_;
  Disk* disk_;
  const WriteBatch* batch_ = nullptr;
  WriteDone done_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// Carries messages between the runners of one world, each after `delay`.
class Network {
 public:
  using Filter = std::function<bool(NodeId from, NodeId to, const Message& message)>;

  explicit Network(World& world) : world_(&world) {}

  Duration delay = Duration(200);
  // True: the message is lost.
  Filter lost;
  // True: the message comes twice, the second time after `echo_after`.
  Filter echoed;
  Duration echo_after = std::chrono::milliseconds(20);

  // Every message that was sent, the lost ones too.
  struct Sent {
    NodeId from;
    std::vector<NodeId> to;
    Message message;
    std::size_t turn;  // Counts calls of send().
  };
  std::vector<Sent> sent;
  bool record = false;

 private:
  friend class WorldCommunicator;
  struct Port {
    Receiver* receiver = nullptr;
    Incarnation incarnation;
    std::vector<Received> inbox;  // What arrives at one moment comes in one call.
    bool posted = false;
  };
  void deliver(NodeId from, NodeId to, const Message& message, Duration after);

  World* world_;
  std::map<NodeId, std::shared_ptr<Port>> ports_;
  std::size_t turns_ = 0;
};

class WorldCommunicator final : public Communicator {
 public:
  explicit WorldCommunicator(Network& network) : network_(&network) {}
  ~WorldCommunicator() override { stop(); }
  void start(const LocalIdentity& self, Receiver& receiver) override;
  void send(std::span<const Outgoing> turn) override;
  void reach(const std::vector<Member>& members) override { reached = members; }
  void stop() override;

  std::vector<Member> reached;
  std::size_t sends = 0;
  bool stopped = false;

 private:
  Network* network_;
  NodeId self_;
};

}  // namespace synod::testing
