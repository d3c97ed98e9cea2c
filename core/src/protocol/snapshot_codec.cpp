#include "protocol/snapshot_codec.hpp"

namespace synod {

namespace {
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kChangesMax = 1u << 20;
}  // namespace

void encode_snapshot_head(const SnapshotContent& content, const IdTable& ids, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(kVersion);
  writer.varint(content.round.value());
  writer.u64(content.digest);
  encode(content.genesis, writer);
  writer.varint(content.changes.size());
  for (const IncarnationChange& change : content.changes) {
    writer.varint(change.node.value());
    writer.varint(change.from.value());
    writer.u64(change.incarnation.value());
  }
  ids.encode(writer);
}

std::optional<SnapshotContent> decode_snapshot(const Snapshot& snapshot) {
  ByteReader reader(snapshot.bytes);
  SnapshotContent content;
  if (reader.u8() != kVersion) return std::nullopt;
  content.round = RoundNum(reader.varint());
  content.digest = reader.u64();
  decode(reader, content.genesis);
  const std::size_t count = reader.count(kChangesMax, 10);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    IncarnationChange change;
    change.node = NodeId(reader.varint());
    change.from = RoundNum(reader.varint());
    change.incarnation = Incarnation(reader.u64());
    content.changes.push_back(change);
  }
  if (!content.ids.decode(reader) || !reader.ok()) return std::nullopt;
  if (content.round != snapshot.round || content.ids.newest() > content.round) return std::nullopt;
  content.state = reader.raw(reader.left());
  return content;
}

}  // namespace synod
