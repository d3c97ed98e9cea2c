#include <synod/record.hpp>

namespace synod {
namespace {

// Frame, numbers and id of a record that holds no entry, and of one that holds an entry.
constexpr std::size_t kPlainBytes = 48;
constexpr std::size_t kEntryBytes = 96;
constexpr std::size_t kMemberBytes = 32;

std::size_t body_size(const AcceptedRecord& record) {
  return kEntryBytes + record.placed.entry.payload.size();
}
std::size_t body_size(const CommittedRecord& record) {
  return kEntryBytes + record.placed.entry.payload.size();
}
std::size_t size_of_map(const GenesisMap& map) {
  std::size_t size = kPlainBytes;
  for (const GenesisMember& each : map.members) {
    size += kMemberBytes + each.member.address.size();
  }
  return size;
}
std::size_t body_size(const GenesisRecord& record) { return size_of_map(record.map); }
std::size_t body_size(const GenesisVoteRecord& record) {
  return kPlainBytes + (record.accepted ? size_of_map(*record.accepted) : 0);
}
template <class Plain>
std::size_t body_size(const Plain&) {
  return kPlainBytes;
}

}  // namespace

std::size_t size_of(const Record& record) {
  return std::visit([](const auto& each) { return body_size(each); }, record);
}

}  // namespace synod
