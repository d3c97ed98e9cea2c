#include "simulation/check/register_histories.hpp"

#include <algorithm>
#include <charconv>

namespace synod::simulation {
namespace {

// Each key's history stays short enough to be searched.
constexpr std::uint64_t kEntriesEachKey = 60;
constexpr std::uint64_t kKeysMin = 4;

std::string text_of(const RegisterModel::Input& write) {
  return "k" + std::to_string(write.key) + "=" + std::to_string(write.value);
}

// Requires: `text` is of text_of()'s making.
RegisterModel::Input parse(std::string_view text) {
  std::uint64_t key = 0;
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const char* const equals = std::from_chars(text.data() + 1, end, key).ptr;
  std::from_chars(equals + 1, end, value);
  return write_of(key, value);
}

}  // namespace

RegisterHistories::RegisterHistories(const SimulationOptions& options, std::uint64_t seed)
    : concurrency_(options.concurrency),
      keys_(std::max(kKeysMin, options.entries / kEntriesEachKey)),
      prng_(seed) {}

std::unique_ptr<StateMachine> RegisterHistories::make_state(NodeId node) {
  auto state = std::make_unique<ListState>(concurrency_);
  states_[node] = state.get();
  return state;
}

// No value is written twice, so a read tells whose it saw.
Entry RegisterHistories::make_entry(std::uint64_t number) {
  Entry entry;
  entry.kind = EntryKind::kState;
  entry.payload = Payload::copy_of(text_of(write_of(prng_.below(keys_), number)));
  return entry;
}

void RegisterHistories::on_append(const ClientCall& call, const Entry& entry) {
  clients_.append_begins(call.client, entry.id);
  if (writes_.size() < clients_.appends().size()) writes_.push_back(parse(entry.payload.text()));
}

void RegisterHistories::on_append_answer(const ClientCall& /*call*/, const Entry& entry,
                                         const absl::StatusOr<AppendReceipt>& result) {
  clients_.append_ends(entry.id, result);
}

void RegisterHistories::on_read(const ClientCall& call) {
  reading_[call.client] = {
      .client = call.client, .input = read_of(prng_.below(keys_)), .invoked = clients_.now()};
}

void RegisterHistories::on_read_answer(const ClientCall& call, RoundNum /*applied*/) {
  RegisterOperation read = reading_.at(call.client);
  read.output = register_in(*states_.at(call.node), read.input.key);
  read.returned = clients_.now();
  reads_.push_back(read);
}

RegisterHistory RegisterHistories::history() const {
  RegisterHistory history = reads_;
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    const ClientHistory::Append& append = clients_.appends()[i];
    if (append.did_not_happen()) continue;
    history.push_back({.client = append.client,
                       .input = writes_[i],
                       .invoked = append.invoked,
                       .returned = append.returned});
  }
  return history;
}

void RegisterHistories::finish() {
  const RegisterHistory bounded = bound_by_reads(history());
  const LinearizabilityResult result = check_linearizable(RegisterModel(), bounded);
  counts_ = {result.parts, bounded.size()};
  if (!result.ok()) checker().violation("I11", simulation::describe(result, bounded));
}

std::uint64_t register_in(const ListState& state, std::uint64_t key) {
  const std::string wanted = "k" + std::to_string(key) + "=";
  const auto& items = state.items();
  const auto found = std::find_if(items.rbegin(), items.rend(), [&](const ListState::Item& item) {
    return item.text.starts_with(wanted);
  });
  return found == items.rend() ? 0 : parse(found->text).value;
}

}  // namespace synod::simulation
