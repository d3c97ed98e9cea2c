// Nodes and clients as SimulationOptions describes them; what clients see is not recorded.
#pragma once

#include <memory>

#include <synod/simulation/cluster.hpp>
#include <synod/simulation/observer.hpp>

namespace synod::simulation {

class FactoryObserver final : public Observer {
 public:
  // `options` outlives it.
  explicit FactoryObserver(const SimulationOptions& options) : options_(options) {}

  std::unique_ptr<StateMachine> make_state(NodeId node) override;
  Entry make_entry(std::uint64_t number) override;

 private:
  const SimulationOptions& options_;
};

// The one that belongs to these options, where they name none.
[[nodiscard]] std::unique_ptr<Observer> make_observer(const SimulationOptions& options,
                                                      std::uint64_t seed);

}  // namespace synod::simulation
