#include <synod/simulation/state_ledger.hpp>

#include <bit>

#include <synod/hash.hpp>

namespace synod::simulation {

bool StateLedger::is_due(NodeId node, RoundNum round) const {
  const auto stride = stride_.find(node);
  return stride == stride_.end() || round.value() % stride->second == 0;
}

const StateLedger::Look* StateLedger::enter(NodeId node, RoundNum round, const Bytes& bytes) {
  stride_[node] = std::bit_ceil(bytes.size() / kSmallBytes + 1);
  const std::uint64_t print = synod::fingerprint(bytes);
  const auto [look, is_first] = looks_.try_emplace(round, Look{node, print, {}});
  if (is_first) {
    look->second.bytes = bytes;
    kept_.push_back(round);
    kept_bytes_ += bytes.size();
    while (kept_bytes_ > kKeptBytes) {
      Bytes& oldest = looks_.at(kept_.front()).bytes;
      kept_bytes_ -= oldest.size();
      oldest = Bytes();
      kept_.pop_front();
    }
    return nullptr;
  }
  ++compared_;
  if (look->second.print != print) return &look->second;
  agree(node, round);
  return nullptr;
}

RoundNum StateLedger::agreed(NodeId node) const {
  const auto found = agreed_.find(node);
  return found == agreed_.end() ? RoundNum() : found->second;
}

std::optional<NodeId> StateLedger::enter_digest(NodeId node, RoundNum round, std::uint64_t digest) {
  const auto [first, is_first] = digests_.try_emplace(round, Digest{node, digest});
  if (is_first || first->second.digest == digest) return std::nullopt;
  return first->second.node;
}

}  // namespace synod::simulation
