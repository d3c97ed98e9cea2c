#include "simulation/check/factory_observer.hpp"

#include <synod/simulation/list_state.hpp>

#include "simulation/check/register_histories.hpp"

namespace synod::simulation {

std::string Observer::describe(const Entry& entry) const {
  return std::string(entry.payload.text());
}

std::unique_ptr<StateMachine> FactoryObserver::make_state(NodeId /*node*/) {
  if (options_.state) return options_.state();
  return std::make_unique<ListState>(options_.concurrency);
}

Entry FactoryObserver::make_entry(std::uint64_t number) {
  Entry entry;
  entry.kind = EntryKind::kState;
  entry.payload =
      options_.payload ? options_.payload(number) : Payload::copy_of("e" + std::to_string(number));
  return entry;
}

std::unique_ptr<Observer> make_observer(const SimulationOptions& options, std::uint64_t seed) {
  if (options.state || options.payload) return std::make_unique<FactoryObserver>(options);
  return std::make_unique<RegisterHistories>(options, seed);
}

}  // namespace synod::simulation
