// File: rehearsal.hpp
//
// One seed with states of a user's type: gives each node a state under observation and each client
// its entries, compares what the nodes' states do, and what clients saw with the log. What is wrong
// it names by number:
//   S1 equal rounds, equal states        S2 equal rounds, equal outcomes
//   S3 a restored snapshot is as good as the state that it was taken of
//   S4 no state is ejected, every entry and every state serialises
//   S5 the user's own rules              I11 clients' histories are linearizable, by rounds
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <synod/hash.hpp>
#include <synod/simulation/check_options.hpp>
#include <synod/simulation/check_seeds.hpp>
#include <synod/simulation/client_history.hpp>
#include <synod/simulation/probed_state.hpp>
#include <synod/simulation/restored_copy.hpp>
#include <synod/simulation/round_order.hpp>
#include <synod/simulation/state_ledger.hpp>

namespace synod::simulation {

template <class S>
class Rehearsal final : public StateObserver, private ProbedState<S>::Watcher {
 public:
  using Outcome = typename S::Outcome;

  // `options` outlives it.
  Rehearsal(const CheckOptions<S>& options, std::uint64_t seed)
      : options_(options), prng_(mix(seed)), entries_prng_(prng_.fork()), reads_(prng_.fork()) {}

  // --- Observer ---
  std::unique_ptr<StateMachine> make_state(NodeId node) override {
    typename ProbedState<S>::Watcher& watcher = *this;
    auto state = std::make_unique<ProbedState<S>>(node, fresh_state(), watcher, prng_.fork());
    probes_[node] = {.state = state.get()};
    return state;
  }
  Entry make_entry(std::uint64_t /*number*/) override {
    Entry entry;
    entry.kind = EntryKind::kState;
    Bytes bytes;
    bool encoded = false;
    const std::string failure = adapter::caught(".entries", [&] {
      const typename S::Entry typed = options_.entries(entries_prng_);
      entry.id = typed.id();
      encoded = encode_value(typed, bytes);
    });
    if (!failure.empty()) broken("S4", failure);
    if (failure.empty() && !encoded) broken("S4", "an entry that .entries made does not serialise");
    entry.payload = Payload::copy_of(bytes);
    return entry;
  }
  [[nodiscard]] std::string describe(const Entry& entry) const override {
    typename S::Entry typed{};
    const bool is_own = entry.kind == EntryKind::kState;
    if (is_own && decode_value(entry.payload.bytes(), typed).empty()) return text_of(typed);
    return is_own ? hexadecimal(entry.payload.bytes()) : "an entry that is not the state's";
  }
  void on_append(const ClientCall& call, const Entry& entry) override {
    clients_.append_begins(call.client, entry.id);
    probes_.at(call.node).state->adapter().expect(entry.id);
  }
  void on_append_answer(const ClientCall& call, const Entry& entry,
                        const absl::StatusOr<AppendReceipt>& result) override {
    clients_.append_ends(entry.id, result);
    std::optional<Outcome> outcome = probes_.at(call.node).state->adapter().take(entry.id);
    if (result.ok() && outcome) answers_.insert_or_assign(result->round, *std::move(outcome));
  }
  void on_read(const ClientCall& call) override { clients_.read_begins(call.client); }
  void on_read_answer(const ClientCall& call, RoundNum applied) override {
    ClientHistory::Read& read = clients_.read_ends(call.client, call.node, applied);
    read.seed = reads_.next();
    const S* const state = probes_.at(call.node).state->adapter().state();
    if (options_.read && state != nullptr) read.text = options_.read(*state, read.seed);
  }
  void finish() override {
    check_order();
    if (!this->is_broken()) report(replay_log());
  }
  [[nodiscard]] HistoryCounts counts() const override { return counted_; }

  // --- StateObserver ---
  [[nodiscard]] StateCounts compared() const override {
    StateCounts counts = counts_;
    counts.states = ledger_.compared();
    return counts;
  }
  [[nodiscard]] std::optional<std::string> replay_log() override;

 private:
  struct Probe {
    ProbedState<S>* state = nullptr;  // Null: the node is down.
    std::unique_ptr<RestoredCopy<S>> copy = nullptr;
    RoundNum applied = RoundNum();
    bool loaded = false;  // A snapshot, in this life.
  };
  struct LogRound {
    bool known = false;
    NodeId node;  // The first to settle it.
    Entry entry;
    std::optional<SkipReason> skipped;
    std::optional<Outcome> outcome;
  };

  void broken(const std::string& rule, const std::string& text) {
    this->checker().violation(rule, text);
  }
  [[nodiscard]] static std::string name(NodeId node) {
    return node == NodeId() ? "a replay of the log" : "node " + to_string(node);
  }
  // "r17 (add 5)".
  [[nodiscard]] std::string name(RoundNum round, const LogRound& settled) const {
    const std::string what = settled.skipped ? "nothing for the state" : describe(settled.entry);
    return "r" + to_string(round) + " (" + what + ")";
  }
  [[nodiscard]] std::unique_ptr<S> fresh_state() {
    const auto pattern = static_cast<std::byte>(prng_.next());
    return options_.state ? options_.state() : make_in_used_memory<S>(pattern);
  }
  LogRound& at(RoundNum round) {
    if (log_.size() <= round.value()) log_.resize(round.value() + 1);
    return log_[round.value()];
  }

  // --- ProbedState::Watcher ---
  void on_settled(ProbedState<S>& state, RoundNum round, const Entry& entry,
                  std::optional<SkipReason> skipped,
                  const std::optional<Outcome>& outcome) override {
    if (this->is_broken()) return;
    Probe& probe = probes_.at(state.node());
    probe.applied = round;
    LogRound& settled = at(round);
    const bool is_first = !settled.known;
    if (is_first) settled = {true, state.node(), entry, skipped, outcome};
    if (state.adapter().state() == nullptr) {
      return broken("S4", name(state.node()) + " in " + name(round, settled) +
                              ": skip() or another function of the state threw");
    }
    const bool due = ledger_.is_due(state.node(), round);
    Bytes snapshot;
    if (due && !state.save(snapshot)) {
      return broken("S4", name(state.node()) + " after " + name(round, settled) +
                              ": the state does not serialise");
    }
    // The copies first: they know best why something differs.
    run_copy(probe, round, outcome, due ? &snapshot : nullptr);
    if (!is_first) report(compare_outcome(state.node(), round, settled, outcome));
    report(compare_state(state.node(), round, state.adapter(), due ? &snapshot : nullptr));
    follow_rules(probe, round);
  }
  void on_ejected(ProbedState<S>& state, RoundNum round, const Entry& entry,
                  const std::string& reason) override {
    probes_.at(state.node()).copy.reset();
    broken("S4", name(state.node()) + " ejected its state in r" + to_string(round) + " (" +
                     describe(entry) + "): " + reason);
  }
  void on_loaded(ProbedState<S>& state, bool loaded) override {
    Probe& probe = probes_.at(state.node());
    probe.copy.reset();
    probe.loaded = true;
    ++counts_.snapshots;
    if (!loaded) broken("S3", name(state.node()) + " cannot load a snapshot that a node saved");
  }
  void on_gone(ProbedState<S>& state) override {
    Probe& probe = probes_.at(state.node());
    if (probe.state == &state) probe = {};
  }

  // A complaint that begins with its rule.
  void report(const Complaint& complaint) {
    if (!complaint) return;
    const std::size_t colon = complaint->find(": ");
    broken(complaint->substr(0, colon), complaint->substr(colon + 2));
  }

  // S2. `node` may be nobody: the replay.
  [[nodiscard]] Complaint compare_outcome(NodeId node, RoundNum round, const LogRound& settled,
                                          const std::optional<Outcome>& outcome) {
    if (!outcome || !settled.outcome) return std::nullopt;
    if constexpr (Comparable<Outcome>) ++counts_.outcomes;
    if (same_values(*outcome, *settled.outcome)) return std::nullopt;
    return "S2: the outcome of " + name(round, settled) + " is " + text_of(*outcome) + " at " +
           name(node) + " and was " + text_of(*settled.outcome) + " at " + name(settled.node) +
           history_of(node);
  }

  // S1. `snapshot`: null where this round is not looked at.
  [[nodiscard]] Complaint compare_state(NodeId node, RoundNum round, const StateAdapter<S>& adapter,
                                        const Bytes* snapshot) {
    if (const std::optional<std::uint64_t> digest = adapter.digest()) {
      const std::optional<NodeId> other = ledger_.enter_digest(node, round, *digest);
      if (other) return different_state(node, round, *other, "another digest()");
    }
    if (snapshot == nullptr) return std::nullopt;
    const StateLedger::Look* const first = ledger_.enter(node, round, *snapshot);
    if (first == nullptr) return std::nullopt;
    if (maybe_equal(*adapter.state(), first->bytes)) {
      ledger_.agree(node, round);
      return std::nullopt;
    }
    std::string what = "another state";
    if (!first->bytes.empty()) {
      what += " (snapshots differ " + first_difference(*snapshot, first->bytes) + ")";
    }
    if constexpr (!std::equality_comparable<S>) what += kUnorderedHint;
    return different_state(node, round, first->node, what);
  }
  static constexpr const char* kUnorderedHint =
      " (if that is only the order of an unordered container, give the state an operator==)";

  // Snapshots may differ where operator== says that the states do not. Those that are not kept any
  // more get the benefit of the doubt.
  [[nodiscard]] static bool maybe_equal(const S& state, const Bytes& other) {
    if constexpr (std::equality_comparable<S>) {
      StateAdapter<S> loaded(nullptr);
      return other.empty() || (loaded.load(other) && state == *loaded.state());
    } else {
      return false;
    }
  }
  [[nodiscard]] std::string different_state(NodeId node, RoundNum round, NodeId other,
                                            const std::string& what) {
    const RoundNum agreed = ledger_.agreed(node);
    std::string text = "S1: after " + name(round, at(round)) + " " + name(node) + " has " + what +
                       " than " + name(other) + " had after it; ";
    text += agreed == RoundNum() ? "they were never seen to be alike"
                                 : "alike last after r" + to_string(agreed);
    return text + history_of(node);
  }
  // What the node went through that others did not.
  [[nodiscard]] std::string history_of(NodeId node) const {
    const auto probe = probes_.find(node);
    const bool loaded = probe != probes_.end() && probe->second.loaded;
    return loaded ? "; " + name(node) + " had loaded a snapshot" : "";
  }

  // S3.
  void run_copy(Probe& probe, RoundNum round, const std::optional<Outcome>& outcome,
                const Bytes* snapshot) {
    StateAdapter<S>& original = probe.state->adapter();
    const LogRound& settled = at(round);
    const bool is_new = probe.copy == nullptr;
    if (is_new) {
      if (snapshot == nullptr || prng_.below(4) != 0) return;
      ++counts_.copies;
      probe.copy =
          std::make_unique<RestoredCopy<S>>(*original.state(), *snapshot, round, settled.entry.id);
    } else if (settled.skipped) {
      probe.copy->skip(round, settled.entry, *settled.skipped);
    } else {
      probe.copy->apply(round, settled.entry);
    }
    const std::optional<CopyDifference> found = probe.copy->difference(
        original, round, is_new ? std::nullopt : outcome, snapshot, options_.read);
    if (found) {
      broken(found->rule,
             name(probe.state->node()) + ", " + name(round, settled) + ": " + found->text);
    }
    if (probe.copy->is_over(round)) probe.copy.reset();
  }

  // S5.
  void follow_rules(const Probe& probe, RoundNum round) {
    const auto follow = [&](const char* rule, const auto& ask) {
      Complaint complaint;
      const std::string failure = adapter::caught(rule, [&] { complaint = ask(); });
      if (!failure.empty()) complaint = failure;
      if (!complaint) return;
      broken("S5", std::string(rule) + " at " + name(probe.state->node()) + " after " +
                       name(round, at(round)) + ": " + *complaint);
    };
    const S& state = *probe.state->adapter().state();
    if (options_.invariant) follow("the invariant", [&] { return options_.invariant(state); });
    if (!options_.across_nodes) return;
    std::vector<NodeState<S>> states;
    for (const auto& [node, each] : probes_) {
      const S* const there = each.state != nullptr ? each.state->adapter().state() : nullptr;
      if (there != nullptr) states.push_back({node, each.applied, *there});
    }
    follow("the rule across nodes", [&] { return options_.across_nodes(states); });
  }

  void check_order();
  [[nodiscard]] Complaint compare_reads(RoundNum round, const S& state,
                                        const std::vector<const ClientHistory::Read*>& reads) const;

  const CheckOptions<S>& options_;
  Prng prng_;
  Prng entries_prng_;
  Prng reads_;
  std::vector<LogRound> log_;  // By round.
  StateLedger ledger_;
  StateCounts counts_;
  std::map<NodeId, Probe> probes_;

  ClientHistory clients_;
  std::map<RoundNum, Outcome> answers_;  // By the round that clients were told.
  HistoryCounts counted_;
};

// I11: the log is the order.
template <class S>
void Rehearsal<S>::check_order() {
  std::map<EntryId, RoundNum> effects;
  for (std::size_t i = 0; i < log_.size(); ++i) {
    if (log_[i].known && !log_[i].skipped) effects.emplace(log_[i].entry.id, RoundNum(i));
  }
  std::vector<RoundPlace> places;
  std::vector<std::string> names;
  for (const ClientHistory::Append& append : clients_.appends()) {
    const auto effect = effects.find(append.id);
    if (effect == effects.end()) continue;
    places.push_back({effect->second, false, append.invoked, append.returned});
    names.push_back("the append of client " + std::to_string(append.client) + " in " +
                    name(effect->second, log_[effect->second.value()]));
  }
  for (const ClientHistory::Read& read : clients_.reads()) {
    places.push_back({read.applied, true, read.invoked, read.returned});
    names.push_back("the read of client " + std::to_string(read.client) + " at " + name(read.node) +
                    " after r" + to_string(read.applied));
  }
  counted_ = {1, places.size()};
  if (const std::optional<RoundOrderFault> fault = find_disorder(places)) {
    broken("I11", names[fault->first] + " had returned before " + names[fault->second] +
                      " was asked for, and stands behind it");
  }
}

// What was read after `round`, as text, must be what is read of `state`.
template <class S>
Complaint Rehearsal<S>::compare_reads(RoundNum round, const S& state,
                                      const std::vector<const ClientHistory::Read*>& reads) const {
  for (const ClientHistory::Read* const read : reads) {
    const std::string text = options_.read(state, read->seed);
    if (text == read->text) continue;
    return "I11: client " + std::to_string(read->client) + " read " + read->text + " at " +
           name(read->node) + " after r" + to_string(round) + ", where " + name(NodeId()) +
           " reads " + text + history_of(read->node);
  }
  return std::nullopt;
}

template <class S>
std::optional<std::string> Rehearsal<S>::replay_log() {
  std::map<RoundNum, std::vector<const ClientHistory::Read*>> reads;
  for (const ClientHistory::Read& read : clients_.reads()) {
    if (options_.read) reads[read.applied].push_back(&read);
  }
  StateAdapter<S> replay(fresh_state());
  std::optional<Outcome> outcome;
  replay.on_applied([&](const AppliedEffect<S>& effect) { outcome = effect.outcome; });
  for (std::size_t i = 1; i < log_.size(); ++i) {
    const RoundNum round(i);
    const LogRound& settled = log_[i];
    if (!settled.known) break;
    outcome.reset();
    if (settled.skipped) {
      replay.skip(round, settled.entry, *settled.skipped);
    } else {
      (void)replay.apply(round, settled.entry);
    }
    if (replay.state() == nullptr)
      return "S4: a replay of the log lost its state in r" + to_string(round);
    Complaint found = compare_outcome(NodeId(), round, settled, outcome);
    const auto answer = answers_.find(round);
    if (!found && answer != answers_.end() && outcome && !same_values(answer->second, *outcome)) {
      found = "I11: a client was told " + text_of(answer->second) + " for " + name(round, settled) +
              ", where a replay of the log gives " + text_of(*outcome);
    }
    Bytes snapshot;
    const bool due = ledger_.is_due(NodeId(), round) && replay.save(snapshot);
    if (!found) found = compare_state(NodeId(), round, replay, due ? &snapshot : nullptr);
    if (!found && reads.contains(round))
      found = compare_reads(round, *replay.state(), reads[round]);
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace synod::simulation
