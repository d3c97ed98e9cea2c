// What all parts of a replica share: options, the time of this step, random draws, and the outbox.
#pragma once

#include <utility>
#include <vector>

#include <synod/prng.hpp>
#include <synod/probe.hpp>
#include <synod/replica.hpp>
#include "base/mutants.hpp"

#include "protocol/pace.hpp"

namespace synod {

// Gathers what a replica has to say until somebody takes it. Knows when a record will be durable.
class Outbox {
 public:
  // Leaves at once.
  void send(std::vector<NodeId> to, Message message) {
    if (!to.empty()) output_.messages.push_back({std::move(to), std::move(message)});
  }
  void send(NodeId to, Message message) { send(std::vector<NodeId>{to}, std::move(message)); }
  // Leaves when every record so far is durable.
  void send_after_records(std::vector<NodeId> to, Message message) {
    if (SYNOD_MUTANT("answer-before-sync")) return send(std::move(to), std::move(message));
    if (!to.empty()) output_.after_records.push_back({std::move(to), std::move(message)});
  }
  void send_after_records(NodeId to, Message message) {
    send_after_records(std::vector<NodeId>{to}, std::move(message));
  }
  void record(Record record) { output_.records.push_back(std::move(record)); }
  void lazy_record(Record record, Timestamp by) {
    if (SYNOD_BUGGIFY("outbox.lazy-record-at-once")) by = Timestamp();
    if (SYNOD_BUGGIFY("outbox.lazy-record-late")) by = by.after(std::chrono::seconds(1));
    output_.lazy_records.push_back(std::move(record));
    if (by < output_.write_lazy_by) output_.write_lazy_by = by;
  }
  // What is recorded from here on in this turn is all that is needed beside the snapshot of
  // `round`; it replaces what was recorded in this turn before.
  void begin_checkpoint(RoundNum round) {
    output_.records.clear();
    output_.lazy_records.clear();
    output_.write_lazy_by = Timestamp::max();
    output_.checkpoint = true;
    output_.checkpoint_round = round;
  }
  void event(Event event) { output_.events.push_back(std::move(event)); }

  // What Written has to reach for the records of this turn to be durable.
  [[nodiscard]] std::uint64_t sequence() const { return taken_ + 1; }
  [[nodiscard]] bool has_records() const { return !output_.records.empty(); }

  void take(Output& output) {
    output.clear();
    if (!output_.records.empty() || !output_.lazy_records.empty()) ++taken_;
    output_.sequence = taken_;
    std::swap(output, output_);
  }

 private:
  Output output_;
  std::uint64_t taken_ = 0;
};

struct Shared {
  explicit Shared(const ReplicaOptions& given) : options(given), prng(given.seed) {}

  // `wait`, more or less: between three quarters and five quarters of it.
  [[nodiscard]] Duration jittered(Duration wait) {
    return prng.between(wait * 3 / 4, wait * 5 / 4);
  }
  // Doubles `wait` with every attempt, up to eight times, with jitter.
  [[nodiscard]] Duration backed_off(Duration wait, std::uint32_t attempts) {
    return jittered(wait * (1 << (attempts < 3 ? attempts : 3)));
  }

  ReplicaOptions options;
  Timestamp now;
  Prng prng;
  Outbox outbox;
  Pace pace;
};

}  // namespace synod
