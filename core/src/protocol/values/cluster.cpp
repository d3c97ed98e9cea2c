#include <synod/cluster.hpp>

#include <algorithm>
#include <limits>

namespace synod {
namespace {

constexpr std::size_t kAddressBytesMax = 256;
// More members than this do not decode, whatever Limits::members_max says.
constexpr std::size_t kDecodedMembersMax = 1024;
// Id, roles, weight and the length of the address.
constexpr std::size_t kMemberBytesMin = 4;
constexpr std::size_t kGenesisMemberBytesMin = kMemberBytesMin + sizeof(std::uint64_t);

constexpr std::uint8_t kProposeBit = 1;
constexpr std::uint8_t kAcceptBit = 2;
constexpr std::uint8_t kLearnBit = 4;
constexpr std::uint8_t kRoleBits = kProposeBit | kAcceptBit | kLearnBit;

void encode(const Member& member, ByteWriter& out) {
  out.varint(member.id.value());
  out.u8(static_cast<std::uint8_t>((member.roles.propose ? kProposeBit : 0) |
                                   (member.roles.accept ? kAcceptBit : 0) |
                                   (member.roles.learn ? kLearnBit : 0)));
  out.varint(member.weight);
  out.text(member.address);
}

Member decode_member(ByteReader& in) {
  Member member;
  member.id = NodeId(in.varint());
  const std::uint8_t roles = in.u8();
  if ((roles & ~kRoleBits) != 0) in.fail();
  member.roles.propose = (roles & kProposeBit) != 0;
  member.roles.accept = (roles & kAcceptBit) != 0;
  member.roles.learn = (roles & kLearnBit) != 0;
  const std::uint64_t weight = in.varint();
  if (weight > std::numeric_limits<std::uint32_t>::max()) in.fail();
  member.weight = static_cast<std::uint32_t>(weight);
  member.address = in.text(kAddressBytesMax);
  return member;
}

void encode(const QuorumPolicy& policy, ByteWriter& out) {
  out.varint(policy.phase1);
  out.varint(policy.phase2);
}

QuorumPolicy decode_policy(ByteReader& in) {
  QuorumPolicy policy;
  policy.phase1 = in.varint();
  policy.phase2 = in.varint();
  return policy;
}

// Of one member, whatever the others are.
std::string refusal(const Member& member) {
  const std::string name = "Member " + to_string(member.id);
  if (member.id == NodeId()) return "A member has the id 0, which names nobody.";
  if (member.roles.accept && member.weight == 0) return name + " accepts but has no weight.";
  if (member.address.size() > kAddressBytesMax) {
    return name + " has an address of more than " + std::to_string(kAddressBytesMax) + " bytes.";
  }
  return {};
}

std::string refusal(const QuorumPolicy& policy, std::uint64_t weight) {
  const std::string total = std::to_string(weight);
  if (weight == 0) return "No member accepts.";
  if (weight > std::numeric_limits<std::uint32_t>::max()) {
    return "The acceptors weigh " + total + " together, which is too much.";
  }
  const std::uint64_t majority = weight / 2 + 1;
  const std::uint64_t phase1 = policy.phase1 != 0 ? policy.phase1 : majority;
  const std::uint64_t phase2 = policy.phase2 != 0 ? policy.phase2 : majority;
  if (phase1 > weight || phase2 > weight) {
    return "A quorum needs more than all the weight, " + total + ".";
  }
  if (phase1 + phase2 <= weight) {
    return "Quorums of " + std::to_string(phase1) + " and " + std::to_string(phase2) + " out of " +
           total + " need not share an acceptor.";
  }
  return {};
}

}  // namespace

const Member* Cluster::find(NodeId id) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [id](const Member& member) { return member.id == id; });
  return found != members.end() ? &*found : nullptr;
}

std::string refusal(const Cluster& cluster, std::size_t members_max) {
  if (cluster.members.empty()) return "A cluster has at least one member.";
  if (cluster.members.size() > members_max) {
    return "The cluster has " + std::to_string(cluster.members.size()) + " members; at most " +
           std::to_string(members_max) + " are allowed.";
  }
  std::uint64_t weight = 0;
  std::vector<NodeId> ids;
  ids.reserve(cluster.members.size());
  for (const Member& member : cluster.members) {
    std::string why = refusal(member);
    if (!why.empty()) return why;
    if (member.roles.accept) weight += member.weight;
    ids.push_back(member.id);
  }
  std::sort(ids.begin(), ids.end());
  const auto twin = std::adjacent_find(ids.begin(), ids.end());
  if (twin != ids.end()) return "Member " + to_string(*twin) + " is named twice.";
  return refusal(cluster.policy, weight);
}

Cluster GenesisMap::cluster() const {
  Cluster cluster;
  cluster.policy = policy;
  cluster.members.reserve(members.size());
  for (const GenesisMember& each : members) cluster.members.push_back(each.member);
  return cluster;
}

Incarnation GenesisMap::incarnation_of(NodeId id) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [id](const GenesisMember& each) { return each.member.id == id; });
  return found != members.end() ? found->incarnation : Incarnation();
}

void encode(const Cluster& cluster, ByteWriter& out) {
  out.varint(cluster.members.size());
  for (const Member& member : cluster.members) encode(member, out);
  encode(cluster.policy, out);
}

void decode(ByteReader& in, Cluster& cluster) {
  const std::size_t count = in.count(kDecodedMembersMax, kMemberBytesMin);
  cluster.members.clear();
  cluster.members.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) cluster.members.push_back(decode_member(in));
  cluster.policy = decode_policy(in);
}

void encode(const GenesisMap& map, ByteWriter& out) {
  out.varint(map.members.size());
  for (const GenesisMember& each : map.members) {
    encode(each.member, out);
    out.u64(each.incarnation.value());
  }
  encode(map.policy, out);
  out.varint(map.remembered_rounds);
  out.u8(static_cast<std::uint8_t>(map.founding));
}

void decode(ByteReader& in, GenesisMap& map) {
  const std::size_t count = in.count(kDecodedMembersMax, kGenesisMemberBytesMin);
  map.members.clear();
  map.members.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    GenesisMember& each = map.members.emplace_back();
    each.member = decode_member(in);
    each.incarnation = Incarnation(in.u64());
  }
  map.policy = decode_policy(in);
  map.remembered_rounds = in.varint();
  const std::uint8_t founding = in.u8();
  if (founding > static_cast<std::uint8_t>(FoundingRule::kQuorum)) in.fail();
  map.founding = static_cast<FoundingRule>(founding);
}

}  // namespace synod
