// File: tests/unit/node/runner_fixture.hpp
//
// A runner over a scripted replica, a storage in the test's hands and a network that only notes.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>
#include <synod/runner.hpp>
#include <synod/status.hpp>

#include "support/small_world.hpp"
#include "unit/node/scripted_replica.hpp"

namespace synod::testing {

class NoState final : public StateMachine {
 public:
  ApplyResult apply(RoundNum, const Entry&) override { return {}; }
  void skip(RoundNum, const Entry&, SkipReason) override {}
  std::shared_ptr<const Cluster> cluster_at(RoundNum) const override { return nullptr; }
  std::uint64_t concurrency() const override { return 1; }
  bool save(Bytes&) const override { return true; }
  bool load(std::span<const std::byte>) override { return true; }
  void drop() override {}
};

class RunnerFixture : public ::testing::Test {
 protected:
  RunnerFixture() {
    reset_script();
    network.record = true;
    options.replica.id = NodeId(1);
    options.snapshot_every_bytes = 0;
  }

  void start() {
    runner.emplace(options, runtime, storage, communicator, state, nullptr,
                   std::move(decorations));
    runner->on_stopped([this](absl::Status status) { stopped = status; });
    runner->start([this](absl::Status status) { started = status; });
    world.run_for(Duration(0));
  }
  // Appends an entry with this id; what becomes of it is in result[id].
  void append(std::uint64_t id, AppendRequest request = {}) {
    request.entry.id = EntryId{id, id};
    request.entry.kind = EntryKind::kState;
    request.done = [this, id](absl::StatusOr<AppendReceipt> outcome) {
      results.emplace_back(id, std::move(outcome));
    };
    runner->append(std::move(request));
  }
  void run(Duration duration = Duration(0)) { world.run_for(duration); }
  // Makes the replica say something in the next turn, which begins now.
  void say(Output output) {
    const std::uint64_t sequence = std::max(output.sequence, script().output.sequence);
    script().output = std::move(output);
    script().output.sequence = sequence;
    runner->install_snapshot(nullptr);
    run();
  }
  void say(Event event) {
    Output output;
    output.events.push_back(std::move(event));
    say(std::move(output));
  }
  static Applied applied(std::uint64_t id, std::uint64_t round) {
    Entry entry;
    entry.id = EntryId{id, id};
    return Applied{{RoundNum(round), {}, entry}, std::nullopt, {}, 1};
  }
  static AppendFailed failed(std::uint64_t id, AppendErrorKind kind, Fate fate) {
    AppendError error;
    error.kind = kind;
    error.fate = fate;
    return {EntryId{id, id}, error};
  }
  static Outgoing note(const std::string& name) { return {{NodeId(2)}, Note{name, {}}}; }
  // Names of the notes that left.
  std::vector<std::string> left() const {
    std::vector<std::string> names;
    for (const Network::Sent& sent : network.sent) {
      names.push_back(std::get<Note>(sent.message).name);
    }
    return names;
  }
  AppendError error_of(std::size_t result) const {
    return append_error(results.at(result).second.status()).value_or(AppendError{});
  }

  World world;
  WorldRuntime runtime{world};
  Disk disk;
  WorldStorage storage{world, disk};
  Network network{world};
  WorldCommunicator communicator{network};
  NoState state;
  RunnerOptions options;
  std::vector<std::unique_ptr<Decoration>> decorations;
  std::optional<Runner> runner;
  std::optional<absl::Status> started;
  std::optional<absl::Status> stopped;
  std::vector<std::pair<std::uint64_t, absl::StatusOr<AppendReceipt>>> results;
};

}  // namespace synod::testing
