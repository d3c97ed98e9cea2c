#include "unit/node/scripted_replica.hpp"

#include <utility>

namespace synod {
namespace testing {
namespace {
Script the_script;
}  // namespace

Script& script() { return the_script; }
void reset_script() { the_script = Script{}; }

}  // namespace testing

void Output::clear() { *this = Output{}; }

class Replica::Implementation {};

Replica::Replica(const ReplicaOptions& options, StateMachine&, Voter&, Recovered recovered,
                 Timestamp) {
  testing::script().options = options;
  testing::script().recovered = std::move(recovered);
}
Replica::~Replica() = default;

void Replica::step(Timestamp, Input input) {
  testing::script().inputs.push_back(input);
  if (testing::script().on_step) {
    testing::script().on_step(input);
  }
}

void Replica::take_output(Output& output) {
  const std::uint64_t sequence = testing::script().output.sequence;
  output = std::move(testing::script().output);
  testing::script().output = Output{};
  testing::script().output.sequence = sequence;
  ++testing::script().outputs_taken;
}

Timestamp Replica::deadline() const { return testing::script().deadline; }
ReplicaView Replica::view() const { return testing::script().view; }
std::string Replica::describe() const { return "scripted"; }
void Replica::check_invariants() const {}

}  // namespace synod
