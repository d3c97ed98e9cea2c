#include <synod/simulation/client_history.hpp>

#include <synod/status.hpp>

namespace synod::simulation {

void ClientHistory::append_begins(std::uint64_t client, const EntryId& id) {
  const std::uint64_t moment = now();
  const auto [place, is_new] = places_.try_emplace(id, appends_.size());
  if (is_new) appends_.push_back({.client = client, .id = id, .invoked = moment, .round = {}});
  ++appends_[place->second].undecided;
}

void ClientHistory::append_ends(const EntryId& id, const absl::StatusOr<AppendReceipt>& result) {
  const std::uint64_t moment = now();
  Append& append = appends_[places_.at(id)];
  const std::optional<AppendError> error =
      result.ok() ? std::nullopt : append_error(result.status());
  if (result.ok() || (error && error->fate == Fate::kHappened)) {
    if (append.returned == kNever) append.returned = moment;
    if (result.ok()) append.round = result->round;
  } else if (error && error->fate == Fate::kDidNotHappen) {
    --append.undecided;
  }
}

void ClientHistory::read_begins(std::uint64_t client) { reading_[client] = now(); }

ClientHistory::Read& ClientHistory::read_ends(std::uint64_t client, NodeId node, RoundNum applied) {
  reads_.push_back({.client = client,
                    .invoked = reading_.at(client),
                    .returned = now(),
                    .node = node,
                    .applied = applied,
                    .text = {}});
  return reads_.back();
}

}  // namespace synod::simulation
