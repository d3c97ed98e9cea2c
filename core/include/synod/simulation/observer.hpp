// File: observer.hpp
//
// Takes part in one simulation from outside: gives nodes their state machines and clients their
// entries, and is told what clients ask for and hear. synod/simulation/check.hpp has one for every
// state; whoever needs another derives from it and sets SimulationOptions::observer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include <synod/decoration.hpp>
#include <synod/entry.hpp>
#include <synod/simulation/checker.hpp>
#include <synod/state_machine.hpp>
#include <synod/types.hpp>

namespace synod::simulation {

// Who asks whom.
struct ClientCall {
  std::uint64_t client = 0;
  NodeId node;
};

// What was checked beyond the invariants.
struct HistoryCounts {
  std::uint64_t histories = 0;   // Checked for linearizability, each by itself.
  std::uint64_t operations = 0;  // In them.
};

// Outlives the simulation. Everything happens on one thread.
class Observer {
 public:
  virtual ~Observer() = default;

  // For one life of `node`. The simulation destroys it with that life.
  virtual std::unique_ptr<StateMachine> make_state(NodeId node) = 0;
  // The `number`-th entry that clients append, from 1. The simulation gives it an id if that is
  // nil.
  virtual Entry make_entry(std::uint64_t number) = 0;
  // For the trace.
  [[nodiscard]] virtual std::string describe(const Entry& entry) const;

  // An attempt. The same entry may come again, also at another node.
  virtual void on_append(const ClientCall& /*call*/, const Entry& /*entry*/) {}
  // Never called where the node died before.
  virtual void on_append_answer(const ClientCall& /*call*/, const Entry& /*entry*/,
                                const absl::StatusOr<AppendReceipt>& /*result*/) {}
  virtual void on_read(const ClientCall& /*call*/) {}
  // The node's state, which has applied everything up to `applied`, may be read now.
  virtual void on_read_answer(const ClientCall& /*call*/, RoundNum /*applied*/) {}

  // The checker of this run, before anything else.
  virtual void begin(Checker& checker) { checker_ = &checker; }
  // All is quiet, and nothing was found so far.
  virtual void finish() {}
  [[nodiscard]] virtual HistoryCounts counts() const { return {}; }

 protected:
  // Where to tell what is wrong.
  [[nodiscard]] Checker& checker() const { return *checker_; }

 private:
  Checker* checker_ = nullptr;
};

}  // namespace synod::simulation
