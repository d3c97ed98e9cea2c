// Clients that write and read registers, which are a view of the built-in list: the last text that
// begins with a key is its value. What each key's clients saw must be linearizable.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <synod/prng.hpp>
#include <synod/simulation/client_history.hpp>
#include <synod/simulation/cluster.hpp>
#include <synod/simulation/list_state.hpp>
#include <synod/simulation/observer.hpp>
#include <synod/simulation/register_model.hpp>

namespace synod::simulation {

class RegisterHistories final : public Observer {
 public:
  // Of the options, those that concern states and clients.
  RegisterHistories(const SimulationOptions& options, std::uint64_t seed);

  std::unique_ptr<StateMachine> make_state(NodeId node) override;
  Entry make_entry(std::uint64_t number) override;
  void on_append(const ClientCall& call, const Entry& entry) override;
  void on_append_answer(const ClientCall& call, const Entry& entry,
                        const absl::StatusOr<AppendReceipt>& result) override;
  void on_read(const ClientCall& call) override;
  void on_read_answer(const ClientCall& call, RoundNum applied) override;
  void finish() override;
  [[nodiscard]] HistoryCounts counts() const override { return counts_; }

  // Everything so far, as the model wants it.
  [[nodiscard]] RegisterHistory history() const;

 private:
  std::uint64_t concurrency_;
  std::uint64_t keys_;
  Prng prng_;
  std::map<NodeId, const ListState*> states_;  // Of the present lives.
  ClientHistory clients_;
  std::vector<RegisterModel::Input> writes_;            // By place in clients_.
  std::map<std::uint64_t, RegisterOperation> reading_;  // By client: asked for.
  RegisterHistory reads_;
  HistoryCounts counts_;
};

// What the list holds for a key; 0: nothing.
[[nodiscard]] std::uint64_t register_in(const ListState& state, std::uint64_t key);

}  // namespace synod::simulation
