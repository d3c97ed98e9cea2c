#include <synod/simulation/checker.hpp>

#include <algorithm>
#include <utility>

#include <synod/hash.hpp>
#include <synod/replica.hpp>

namespace synod::simulation {
namespace {

std::string at_round(RoundNum round) { return "r" + to_string(round); }

std::uint64_t need(std::uint64_t stated, std::uint64_t weight) {
  return stated != 0 ? stated : weight / 2 + 1;
}

}  // namespace

std::uint64_t fingerprint(const Entry& entry) {
  std::uint64_t print = hash_of(entry.id) ^ mix(static_cast<std::uint64_t>(entry.kind) + 1);
  print = mix(print + entry.tag);
  print = mix(print + entry.last_round.value());
  return mix(print + synod::fingerprint(entry.payload.bytes())) | 1;
}

void Checker::violation(const std::string& invariant, const std::string& text) {
  violations_.push_back(invariant + ": " + text);
  if (listener_.violation) listener_.violation(violations_.back());
}

Checker::Round& Checker::at(RoundNum round) {
  if (rounds_.size() <= round.value()) rounds_.resize(round.value() + 1);
  return rounds_[round.value()];
}

// --- The disks -----------------------------------------------------------------------------------

void Checker::on_genesis(const GenesisMap& map) {
  if (genesis_ && *genesis_ != map) violation("I13", "two genesis maps are complete");
  genesis_ = map;
}

void Checker::on_durable(NodeId node, Incarnation incarnation, const Record& record,
                         bool rewritten) {
  if (const auto* promised = std::get_if<PromiseRecord>(&record)) {
    promise(node, incarnation, promised->coord, rewritten);
  } else if (const auto* accepted = std::get_if<AcceptedRecord>(&record)) {
    check_mandate(accepted->placed);
    promise(node, incarnation, accepted->placed.coord, rewritten);
    accept(node, incarnation, accepted->placed);
  } else if (const auto* genesis = std::get_if<GenesisRecord>(&record)) {
    if (genesis->complete) on_genesis(genesis->map);
  } else if (const auto* vote = std::get_if<GenesisVoteRecord>(&record)) {
    vote_on_genesis(node, *vote, rewritten);
  } else if (const auto* mark = std::get_if<CommitMarkRecord>(&record)) {
    on_checkpoint(node, incarnation, mark->round);
  } else if (const auto* committed = std::get_if<CommittedRecord>(&record)) {
    const RoundNum round = committed->placed.round;
    if (nodes_[node].durable_to[incarnation].next() == round) {
      on_checkpoint(node, incarnation, round);
    }
  }
}

// Round 0, in which votes count by id.
void Checker::vote_on_genesis(NodeId node, const GenesisVoteRecord& vote, bool rewritten) {
  CoordNum& promised = genesis_promised_[node];
  if ((vote.promised < promised && !rewritten) || vote.promised < vote.accepted_at) {
    violation("I5", "node " + to_string(node) + " durably promised " + to_string(promised) +
                        " for the genesis and then " + to_string(vote.promised));
  }
  promised = std::max(promised, vote.promised);
  if (!vote.accepted.has_value()) return;
  GenesisAccepted& accepted = genesis_accepted_[vote.accepted_at];
  std::vector<NodeId>& by = accepted.votes.by;
  if (by.empty()) accepted.map = *vote.accepted;
  if (accepted.map != *vote.accepted) {
    violation("I4", "the genesis has two maps at " + to_string(vote.accepted_at));
  }
  if (std::find(by.begin(), by.end(), node) == by.end()) by.push_back(node);
  if (is_chosen(*cluster_, accepted.votes)) on_genesis(accepted.map);
}

void Checker::on_rolled_back(NodeId node) {
  nodes_[node].promised.clear();
  nodes_[node].durable_to.clear();
}

void Checker::on_checkpoint(NodeId node, Incarnation incarnation, RoundNum round) {
  RoundNum& durable_to = nodes_[node].durable_to[incarnation];
  durable_to = std::max(durable_to, round);
}

void Checker::promise(NodeId node, Incarnation incarnation, const CoordNum& coord, bool rewritten) {
  CoordNum& promised = nodes_[node].promised[incarnation];
  if (coord < promised && !rewritten) {
    violation("I5", "node " + to_string(node) + " durably promised " + to_string(promised) +
                        " and then " + to_string(coord));
  }
  promised = std::max(promised, coord);
  Promisers& promisers = promisers_[coord];
  const std::pair promiser{node, incarnation};
  if (std::find(promisers.begin(), promisers.end(), promiser) == promisers.end()) {
    promisers.push_back(promiser);
  }
}

void Checker::on_loaded(NodeId node, Incarnation incarnation, const std::vector<Record>& records) {
  CoordNum found;
  for (const Record& record : records) {
    if (const auto* promised = std::get_if<PromiseRecord>(&record)) {
      found = std::max(found, promised->coord);
    } else if (const auto* accepted = std::get_if<AcceptedRecord>(&record)) {
      found = std::max(found, accepted->placed.coord);
    }
  }
  if (found < nodes_[node].promised[incarnation]) {
    violation("I5", "node " + to_string(node) + " promised " +
                        to_string(nodes_[node].promised[incarnation]) + " and remembers " +
                        to_string(found));
  }
  // What was synced and never reported is durable all the same.
  for (const Record& record : records) on_durable(node, incarnation, record, true);
}

Incarnation Checker::incarnation_at(NodeId node, RoundNum round) const {
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->node == node && change->from <= round) return change->incarnation;
  }
  return genesis_ ? genesis_->incarnation_of(node) : Incarnation::max();
}

void Checker::readmit(const Entry& entry, RoundNum from) {
  Readmit change;
  if (!decode(entry.payload, change)) return;
  if (incarnation_at(change.node, RoundNum::max()) != change.expected) return;
  changes_.push_back({change.node, from, change.incarnation});
}

void Checker::accept(NodeId node, Incarnation incarnation, const PlacedEntry& placed) {
  const Incarnation counting = incarnation_at(node, placed.round);
  if (counting != incarnation && counting != Incarnation::max()) {
    violation("I13", "node " + to_string(node) + " accepted " + at_round(placed.round) +
                         " in an incarnation that does not count");
    return;
  }
  Round& round = at(placed.round);
  const std::uint64_t print = fingerprint(placed.entry);
  auto it = std::find_if(round.accepted.begin(), round.accepted.end(),
                         [&](const Accepted& each) { return each.coord == placed.coord; });
  if (it == round.accepted.end()) {
    it = round.accepted.insert(it, Accepted{placed.coord, print, {}});
  }
  if (it->entry != print) {
    violation("I4", at_round(placed.round) + " has two entries at " + to_string(placed.coord) +
                        ", the second is " + describe(placed.entry));
    return;
  }
  if (std::find(it->by.begin(), it->by.end(), node) != it->by.end()) return;
  it->by.push_back(node);
  if (!is_chosen(round.cluster ? *round.cluster : *cluster_, *it)) return;
  if (round.chosen != print && listener_.chosen) listener_.chosen(placed, it->by);
  if (round.chosen == 0) {
    ++rounds_chosen_;
  } else if (round.chosen != print) {
    violation("I3", at_round(placed.round) + " is chosen twice, the second time at " +
                        to_string(placed.coord) + " as " + describe(placed.entry));
  }
  round.chosen = print;
}

template <class Has>
bool Checker::is_quorum(const Cluster& cluster, std::uint64_t stated, Has has) const {
  std::uint64_t whole = 0;
  std::uint64_t yes = 0;
  for (const Member& member : cluster.members) {
    if (!member.roles.accept) continue;
    whole += member.weight;
    if (has(member.id)) yes += member.weight;
  }
  return yes >= need(stated, whole);
}

bool Checker::is_chosen(const Cluster& cluster, const Accepted& accepted) const {
  return is_quorum(cluster, cluster.policy.phase2, [&](NodeId id) {
    return std::find(accepted.by.begin(), accepted.by.end(), id) != accepted.by.end();
  });
}

// H2: what is proposed in a round was promised by a quorum of that round's cluster, in the memories
// that count in it. Looked at when the first acceptance of it is durable.
void Checker::check_mandate(const PlacedEntry& placed) {
  if (!genesis_) return;
  const Round& round = at(placed.round);
  const bool first = std::none_of(round.accepted.begin(), round.accepted.end(),
                                  [&](const Accepted& each) { return each.coord == placed.coord; });
  if (!first) return;
  const Promisers& promisers = promisers_[placed.coord];
  const Cluster& cluster = round.cluster ? *round.cluster : *cluster_;
  const bool promised = is_quorum(cluster, cluster.policy.phase1, [&](NodeId id) {
    return std::any_of(promisers.begin(), promisers.end(), [&](const auto& promiser) {
      return promiser.first == id && promiser.second == incarnation_at(id, placed.round);
    });
  });
  if (promised) return;
  violation("I13", at_round(placed.round) + " was proposed at " + to_string(placed.coord) +
                       ", which no quorum of its cluster had promised");
}

// --- The state machines --------------------------------------------------------------------------

void Checker::on_started(NodeId node) {
  nodes_[node].applied = RoundNum();
  nodes_[node].knows_applied = true;
}

void Checker::on_cluster(NodeId node, RoundNum round, std::shared_ptr<const Cluster> cluster) {
  Round& known = at(round);
  clusters_to_ = std::max(clusters_to_, round);
  if (cluster == nullptr) cluster = cluster_;
  if (known.cluster && !(*known.cluster == *cluster)) {
    violation("I13", "node " + to_string(node) + " knows another cluster for " + at_round(round));
  }
  if (!known.cluster) known.cluster = std::move(cluster);
}

void Checker::on_applied(NodeId node, RoundNum round, const Entry& entry,
                         std::optional<SkipReason> skipped, std::uint64_t concurrency) {
  Node& state = nodes_[node];
  const bool follows = state.knows_applied ? round == state.applied.next() : round > state.applied;
  if (!follows) {
    violation("I7", "node " + to_string(node) + " applied " + at_round(round) + " after " +
                        at_round(state.applied));
  }
  state.applied = round;
  state.knows_applied = true;
  Round& known = at(round);
  const std::uint64_t print = fingerprint(entry);
  if (known.applied != 0) {
    if (known.applied != print || known.skipped != skipped) {
      violation("I1", "node " + to_string(node) + " applied another entry in " + at_round(round) +
                          ": " + describe(entry));
    }
    return;
  }
  if (known.chosen != print) {
    violation("I6", "node " + to_string(node) + " applied " + describe(entry) + " in " +
                        at_round(round) + " before a quorum held it durably");
  }
  known.applied = print;
  known.id = entry.id;
  known.skipped = skipped;
  if (entry.kind == EntryKind::kReadmit) readmit(entry, round.plus(concurrency));
  if (skipped) return;
  if (entry.last_round < round) {
    violation("I10", describe(entry) + " took effect in " + at_round(round) + ", after its last, " +
                         at_round(entry.last_round));
  }
  if (!effects_.emplace(entry.id, round).second) {
    violation("I10", describe(entry) + " took effect in " + at_round(effects_[entry.id]) +
                         " and in " + at_round(round));
  }
}

void Checker::on_state_loaded(NodeId node) { nodes_[node].knows_applied = false; }

void Checker::on_installed(NodeId node, RoundNum round) {
  Node& state = nodes_[node];
  if (state.knows_applied) return;  // It has applied more since.
  if (round < state.applied) {
    violation("I20", "node " + to_string(node) + " went back from " + at_round(state.applied) +
                         " to a snapshot of " + at_round(round));
  }
  state.applied = round;
  state.knows_applied = true;
}

void Checker::on_digest(NodeId node, RoundNum applied, std::uint64_t digest) {
  Round& known = at(applied);
  if (known.digest && *known.digest != digest) {
    violation("I8", "node " + to_string(node) + " has another digest at " + at_round(applied));
  }
  known.digest = digest;
}

// H20: whoever is stopped now is not needed any more.
void Checker::on_removal_complete(NodeId node, RoundNum boundary) {
  const Cluster& cluster = cluster_at(boundary);
  const auto held = [&](NodeId id) { return nodes_[id].held_by(incarnation_at(id, boundary)); };
  const auto holds = [&](NodeId id) { return held(id).next() >= boundary; };
  if (cluster.find(node) == nullptr && is_quorum(cluster, cluster.policy.phase1, holds) &&
      is_quorum(cluster, cluster.policy.phase2, holds)) {
    return;
  }
  std::string all;
  for (const Member& member : cluster.members) {
    all += (all.empty() ? "" : ", ") + to_string(member.id) + " to " + at_round(held(member.id));
  }
  violation("I13", "node " + to_string(node) +
                       " says that its removal is complete, and no quorum of the cluster of " +
                       at_round(boundary) + " holds all before it: " + all);
}

const Cluster& Checker::cluster_at(RoundNum round) const {
  for (std::uint64_t i = std::min<std::uint64_t>(round.value() + 1, rounds_.size()); i > 0; --i) {
    if (rounds_[i - 1].cluster) return *rounds_[i - 1].cluster;
  }
  return *cluster_;
}

const Cluster& Checker::newest_cluster() const { return cluster_at(clusters_to_); }

bool Checker::is_needed(NodeId node) const {
  const RoundNum next = settled_to().next();
  const Cluster* known = &cluster_at(next);
  if (known->find(node) != nullptr) return true;
  for (RoundNum round = next.next(); round <= clusters_to_; round = round.next()) {
    const Cluster* const cluster = rounds_[round.value()].cluster.get();
    if (cluster == nullptr || cluster == known) continue;
    known = cluster;
    if (known->find(node) != nullptr) return true;
  }
  return false;
}

bool Checker::form_quorums(const Cluster& cluster, const Memories& memories) const {
  const auto counts = [&](NodeId id) {
    const auto memory = memories.find(id);
    return memory != memories.end() && memory->second == last_chosen(id);
  };
  return is_quorum(cluster, cluster.policy.phase1, counts) &&
         is_quorum(cluster, cluster.policy.phase2, counts);
}

std::string Checker::what_stops(const Memories& memories) const {
  RoundNum held;
  for (const auto& [node, memory] : memories) {
    const auto known = nodes_.find(node);
    if (known == nodes_.end() || memory == Incarnation(0)) continue;
    held = std::max(held, known->second.held_by(memory));
  }
  const RoundNum last = std::max(clusters_to_, settled_to().next());
  for (RoundNum round = held.next(); round <= last; round = round.next()) {
    const auto counts = [&](NodeId id) {
      const auto memory = memories.find(id);
      if (memory == memories.end() || memory->second == Incarnation(0)) return false;
      const Incarnation counting = incarnation_at(id, round);
      return counting == memory->second || counting == Incarnation::max();
    };
    const Cluster& cluster = cluster_at(round);
    const bool quorums = is_quorum(cluster, cluster.policy.phase1, counts) &&
                         is_quorum(cluster, cluster.policy.phase2, counts);
    if (quorums) continue;
    std::string lost;
    for (const Member& member : cluster.members) {
      if (!counts(member.id)) lost += (lost.empty() ? "" : ",") + to_string(member.id);
    }
    return "no quorum is left for " + at_round(round) + ": the memories of " + lost +
           " that count in it are gone";
  }
  return {};
}

RoundNum Checker::settled_to() const {
  RoundNum round;
  for (const auto& [node, state] : nodes_) round = std::max(round, state.applied);
  return round;
}

// --- What nodes tell each other ------------------------------------------------------------------

void Checker::on_vote(NodeId node, Incarnation incarnation, const Message& message) {
  const std::string who = "node " + to_string(node) + " said that it ";
  if (const auto* promise = std::get_if<Promise>(&message)) {
    if (nodes_[node].promised[incarnation] < promise->coord) {
      violation("I5", who + "promised " + to_string(promise->coord) + " before that was durable");
    }
  } else if (const auto* acceptance = std::get_if<Acceptance>(&message)) {
    const RoundNum end = acceptance->first.plus(acceptance->count);
    for (RoundNum round = acceptance->first; round < end; round = round.next()) {
      if (holds(node, incarnation, round, acceptance->coord)) continue;
      violation("I6", who + "accepted " + at_round(round) + " at " + to_string(acceptance->coord) +
                          " before that was durable");
    }
  }
}

bool Checker::holds(NodeId node, Incarnation incarnation, RoundNum round, const CoordNum& coord) {
  const Incarnation counting = incarnation_at(node, round);
  if (counting != incarnation && counting != Incarnation::max())
    return true;  // I13 looks after it.
  const std::vector<Accepted>& accepted = at(round).accepted;
  return std::any_of(accepted.begin(), accepted.end(), [&](const Accepted& each) {
    return each.coord == coord && std::find(each.by.begin(), each.by.end(), node) != each.by.end();
  });
}

// --- The clients ---------------------------------------------------------------------------------

void Checker::on_append(const EntryId& id) {
  const auto [it, is_new] = clients_.try_emplace(id);
  if (!is_new) it->second.appended_again = true;
}

void Checker::on_acknowledged(const EntryId& id, RoundNum round) {
  clients_[id].acknowledged = round;
  acknowledged_to_ = std::max(acknowledged_to_, round);
  if (effect_of(id) != round) {
    violation("I9", "append " + to_string(id) + " was acknowledged in " + at_round(round) +
                        ", where it had no effect");
  }
}

void Checker::on_failed(const EntryId& id, ClientView view) {
  Client& client = clients_[id];
  // A second append of the same id may still place it.
  if (view == ClientView::kDidNotHappen && !client.appended_again) client.did_not_happen = true;
}

RoundNum Checker::effect_of(const EntryId& id) const {
  const auto it = effects_.find(id);
  return it == effects_.end() ? RoundNum() : it->second;
}

void Checker::on_read(NodeId node, RoundNum bound, RoundNum applied) {
  if (applied < bound) {
    violation("I11", "node " + to_string(node) + " answered a linearizable read after " +
                         at_round(applied) + " although " + at_round(bound) +
                         " was acknowledged before it began");
  }
  acknowledged_to_ = std::max(acknowledged_to_, applied);
}

void Checker::finish() {
  for (const auto& [id, client] : clients_) {
    const RoundNum effect = effect_of(id);
    if (client.acknowledged != RoundNum() && effect != client.acknowledged) {
      violation("I9", "append " + to_string(id) + ", acknowledged in " +
                          at_round(client.acknowledged) + ", is not in the log");
    }
    if (client.did_not_happen && effect != RoundNum() && !client.appended_again) {
      violation("I15", "append " + to_string(id) + " was said not to happen and took effect in " +
                           at_round(effect));
    }
  }
}

}  // namespace synod::simulation
