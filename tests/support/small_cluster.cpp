#include "support/small_cluster.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace synod::testing {

ApplyResult LogState::apply(RoundNum, const Entry& entry) {
  applied.push_back(entry.id);
  return {};
}

bool LogState::save(Bytes& out) const {
  ByteWriter writer(out);
  for (const EntryId& id : applied) {
    writer.u64(id.high);
    writer.u64(id.low);
  }
  return true;
}

bool LogState::load(std::span<const std::byte> bytes) {
  applied.clear();
  ByteReader reader(bytes);
  while (reader.ok() && reader.left() > 0) {
    EntryId id;
    id.high = reader.u64();
    id.low = reader.u64();
    applied.push_back(id);
  }
  return reader.done();
}

SmallCluster::SmallCluster(std::size_t size, Decorate decorate) : decorate_(std::move(decorate)) {
  options.cluster = ClusterId::of("small");
  options.replica.found_alone = size == 1;
  for (std::uint64_t id = 1; id <= size; ++id) {
    auto node = std::make_unique<Node>();
    node->id = NodeId(id);
    nodes_.emplace(id, std::move(node));
    Member member;
    member.id = NodeId(id);
    options.replica.founders.members.push_back(member);
  }
}

void SmallCluster::start(std::uint64_t id) {
  Node& node = *nodes_.at(id);
  RunnerOptions own = options;
  own.replica.id = node.id;
  own.replica.seed = 1000 * ++starts_ + id;
  node.stopped.reset();
  node.runtime = std::make_unique<WorldRuntime>(world);
  node.storage = std::make_unique<WorldStorage>(world, node.disk);
  node.communicator = std::make_unique<WorldCommunicator>(network);
  node.state = std::make_unique<LogState>(concurrency);
  node.runner =
      std::make_unique<Runner>(own, *node.runtime, *node.storage, *node.communicator, *node.state,
                               nullptr, decorate_ ? decorate_(node.id) : Decorations{});
  node.runner->on_stopped([&node](absl::Status status) { node.stopped = status; });
  node.runner->start([](absl::Status) {});
}

void SmallCluster::start_all() {
  for (auto& [id, node] : nodes_) {
    start(id);
  }
}

void SmallCluster::crash(std::uint64_t id) {
  Node& node = *nodes_.at(id);
  node.runner.reset();
  node.communicator.reset();
  node.storage.reset();
  node.state.reset();
  node.runtime.reset();
}

std::shared_ptr<SmallCluster::Result> SmallCluster::append(std::uint64_t id,
                                                           AppendRequest request) {
  if (request.entry.id.is_nil()) {
    request.entry.id = prng_.entry_id();
    request.entry.kind = EntryKind::kState;
  }
  auto result = std::make_shared<Result>();
  result->id = request.entry.id;
  request.done = [result](absl::StatusOr<AppendReceipt> outcome) {
    result->outcome = std::move(outcome);
  };
  runner(id).append(std::move(request));
  return result;
}

bool SmallCluster::settle(const Result& result, Duration longest) {
  run_until([&result] { return result.outcome.has_value(); }, longest);
  return result.outcome.has_value() && result.outcome->ok();
}

std::uint64_t SmallCluster::leader() {
  std::uint64_t leader = 0;
  std::size_t leaders = 0;
  for (auto& [id, node] : nodes_) {
    if (node->runner != nullptr && node->runner->view().standing == Standing::kLeading) {
      leader = id;
      ++leaders;
    }
  }
  return leaders == 1 ? leader : 0;
}

bool SmallCluster::run_until_active() {
  return run_until([this] {
    return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& each) {
      return each.second->runner == nullptr ||
             each.second->runner->view().participation == Participation::kActive;
    });
  });
}

void SmallCluster::cut(std::vector<std::uint64_t> left, std::vector<std::uint64_t> right) {
  network.lost = [left = std::move(left), right = std::move(right)](NodeId from, NodeId to,
                                                                    const Message&) {
    const auto in = [](const std::vector<std::uint64_t>& group, NodeId id) {
      return std::find(group.begin(), group.end(), id.value()) != group.end();
    };
    return (in(left, from) && in(right, to)) || (in(right, from) && in(left, to));
  };
}

bool SmallCluster::agree() {
  const LogState* longest = nullptr;
  for (auto& [id, node] : nodes_) {
    if (node->state != nullptr &&
        (longest == nullptr || node->state->applied.size() > longest->applied.size())) {
      longest = node->state.get();
    }
  }
  if (longest == nullptr) {
    return true;
  }
  const std::set<EntryId> distinct(longest->applied.begin(), longest->applied.end());
  return distinct.size() == longest->applied.size() &&
         std::all_of(nodes_.begin(), nodes_.end(), [longest](const auto& each) {
           const LogState* state = each.second->state.get();
           return state == nullptr || std::equal(state->applied.begin(), state->applied.end(),
                                                 longest->applied.begin());
         });
}

}  // namespace synod::testing
