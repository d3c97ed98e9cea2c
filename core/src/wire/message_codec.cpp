#include "wire/message_codec.hpp"

#include <array>
#include <utility>

#include "wire/encode.hpp"
#include "wire/sinks.hpp"

namespace synod::wire {
namespace {

constexpr std::size_t kNoteNameMax = 256;

// --- Writing: the fields in the order of message.hpp ---------------------------------------------

template <class Sink>
void put(Sink& out, const Prepare& m) {
  put(out, m.round);
  put(out, m.coord);
}
template <class Sink>
void put(Sink& out, const Promise& m) {
  put(out, m.coord);
  put(out, m.round);
  put(out, m.speaks_from);
  out.varint(m.page);
  out.varint(m.pages);
  out.varint(m.telling);
  put(out, m.accepted);
  put(out, m.vote);
}
template <class Sink>
void put(Sink& out, const Conflict& m) {
  put(out, m.coord);
  put(out, m.round);
  put(out, m.promised);
  put(out, m.settled_to);
  put(out, m.settled);
}
template <class Sink>
void put(Sink& out, const Abstention& m) {
  put(out, m.coord);
  put(out, m.round);
  put_boolean(out, m.sticky);
  put(out, m.vote);
}
template <class Sink>
void put(Sink& out, const Propose& m) {
  put(out, m.coord);
  put(out, m.first);
  put(out, m.entries);
  put(out, m.commits);
  put(out, m.quorum_age);
}
template <class Sink>
void put(Sink& out, const Acceptance& m) {
  put(out, m.coord);
  put(out, m.first);
  out.varint(m.count);
  put(out, m.vote);
}
template <class Sink>
void put(Sink& out, const Rejection& m) {
  put(out, m.coord);
  put(out, m.round);
  put(out, m.vote);
}
template <class Sink>
void put(Sink& out, const Commit& m) {
  put(out, m.entries);
  put(out, m.by_id);
  put(out, m.quorum_age);
}
template <class Sink>
void put(Sink& out, const Fetch& m) {
  out.u64(m.nonce);
  put(out, m.first);
  put(out, m.last);
}
template <class Sink>
void put(Sink& out, const Entries& m) {
  out.u64(m.nonce);
  put(out, m.first);
  put(out, m.entries);
  put(out, m.settled_to);
  put(out, m.retained_from);
  put(out, m.durable_to);
}
template <class Sink>
void put(Sink& out, const SnapshotRequest& m) {
  put(out, m.round);
  out.varint(m.offset);
}
template <class Sink>
void put(Sink& out, const SnapshotChunk& m) {
  put(out, m.round);
  out.varint(m.offset);
  out.varint(m.size);
  out.u64(m.checksum);
  put(out, m.bytes);
}
template <class Sink>
void put(Sink& out, const ReadQuery& m) {
  out.u64(m.nonce);
}
template <class Sink>
void put(Sink& out, const ReadAnswer& m) {
  out.u64(m.nonce);
  put(out, m.untouched_from);
  put(out, m.settled_to);
}
template <class Sink>
void put(Sink& out, const LeadershipRequest& m) {
  put(out, m.round);
}
template <class Sink>
void put(Sink& out, const GenesisNote& m) {
  out.u8(static_cast<std::uint8_t>(m.stage));
  put_boolean(out, m.answer_wanted);
  put(out, m.map);
}
template <class Sink>
void put(Sink& out, const Announcement& m) {
  put(out, m.expected);
  out.u64(m.challenge);
}
template <class Sink>
void put(Sink& out, const Challenge& m) {
  out.u64(m.challenge);
}
template <class Sink>
void put(Sink& out, const Note& m) {
  put(out, std::string_view(m.name));
  put(out, m.bytes);
}
template <class Sink>
void put(Sink& out, const GenesisPrepare& m) {
  put(out, m.coord);
  put(out, m.terms);
}
template <class Sink>
void put(Sink& out, const GenesisPromise& m) {
  put(out, m.coord);
  put(out, m.accepted_at);
  put(out, m.accepted);
}
template <class Sink>
void put(Sink& out, const GenesisPropose& m) {
  put(out, m.coord);
  put(out, m.map);
}
template <class Sink>
void put(Sink& out, const GenesisAcceptance& m) {
  put(out, m.coord);
}
template <class Sink>
void put(Sink& out, const GenesisConflict& m) {
  put(out, m.coord);
  put(out, m.promised);
}
template <class Sink>
void put(Sink& out, const Vouch& m) {
  put(out, m.memory.node);
  put(out, m.memory.expected);
  put(out, m.memory.incarnation);
}

// --- Reading -------------------------------------------------------------------------------------

GenesisMap get_map(Decoder& in, const Limits& limits) {
  GenesisMap map = in.genesis_map();
  if (map.members.size() > limits.members_max) in.fail();
  return map;
}

void get(Decoder& in, const Limits&, Prepare& m) {
  m.round = in.round();
  m.coord = in.coord();
}
void get(Decoder& in, const Limits& limits, Promise& m) {
  m.coord = in.coord();
  m.round = in.round();
  m.speaks_from = in.round();
  m.page = in.small<std::uint32_t>();
  m.pages = in.small<std::uint32_t>();
  m.telling = in.small<std::uint32_t>();
  m.accepted = in.placed_entries();
  m.vote = in.vote(limits);
}
void get(Decoder& in, const Limits&, Conflict& m) {
  m.coord = in.coord();
  m.round = in.round();
  m.promised = in.coord();
  m.settled_to = in.round();
  if (in.boolean()) m.settled = in.placed();
}
void get(Decoder& in, const Limits& limits, Abstention& m) {
  m.coord = in.coord();
  m.round = in.round();
  m.sticky = in.boolean();
  m.vote = in.vote(limits);
}
void get(Decoder& in, const Limits&, Propose& m) {
  m.coord = in.coord();
  m.first = in.round();
  m.entries = in.entries();
  m.commits = in.commit_runs();
  m.quorum_age = in.age();
}
void get(Decoder& in, const Limits& limits, Acceptance& m) {
  m.coord = in.coord();
  m.first = in.round();
  m.count = in.small<std::uint32_t>();
  m.vote = in.vote(limits);
}
void get(Decoder& in, const Limits& limits, Rejection& m) {
  m.coord = in.coord();
  m.round = in.round();
  m.vote = in.vote(limits);
}
void get(Decoder& in, const Limits&, Commit& m) {
  m.entries = in.placed_entries();
  m.by_id = in.commit_runs();
  m.quorum_age = in.age();
}
void get(Decoder& in, const Limits&, Fetch& m) {
  m.nonce = in.u64();
  m.first = in.round();
  m.last = in.round();
}
void get(Decoder& in, const Limits&, Entries& m) {
  m.nonce = in.u64();
  m.first = in.round();
  m.entries = in.placed_entries();
  m.settled_to = in.round();
  m.retained_from = in.round();
  m.durable_to = in.round();
}
void get(Decoder& in, const Limits&, SnapshotRequest& m) {
  m.round = in.round();
  m.offset = in.varint();
}
void get(Decoder& in, const Limits&, SnapshotChunk& m) {
  m.round = in.round();
  m.offset = in.varint();
  m.size = in.varint();
  m.checksum = in.u64();
  m.bytes = in.payload();
}
void get(Decoder& in, const Limits&, ReadQuery& m) { m.nonce = in.u64(); }
void get(Decoder& in, const Limits&, ReadAnswer& m) {
  m.nonce = in.u64();
  m.untouched_from = in.round();
  m.settled_to = in.round();
}
void get(Decoder& in, const Limits&, LeadershipRequest& m) { m.round = in.round(); }
void get(Decoder& in, const Limits& limits, GenesisNote& m) {
  m.stage = in.enumerator(GenesisStage::kComplete);
  m.answer_wanted = in.boolean();
  if (in.boolean()) m.map = get_map(in, limits);
}
void get(Decoder& in, const Limits&, Announcement& m) {
  m.expected = in.incarnation();
  m.challenge = in.u64();
}
void get(Decoder& in, const Limits&, Challenge& m) { m.challenge = in.u64(); }
void get(Decoder& in, const Limits&, Note& m) {
  m.name = in.text(kNoteNameMax);
  m.bytes = in.payload();
}
void get(Decoder& in, const Limits& limits, GenesisPrepare& m) {
  m.coord = in.coord();
  m.terms = get_map(in, limits);
}
void get(Decoder& in, const Limits& limits, GenesisPromise& m) {
  m.coord = in.coord();
  m.accepted_at = in.coord();
  if (in.boolean()) m.accepted = get_map(in, limits);
}
void get(Decoder& in, const Limits& limits, GenesisPropose& m) {
  m.coord = in.coord();
  m.map = get_map(in, limits);
}
void get(Decoder& in, const Limits&, GenesisAcceptance& m) { m.coord = in.coord(); }
void get(Decoder& in, const Limits&, GenesisConflict& m) {
  m.coord = in.coord();
  m.promised = in.coord();
}
void get(Decoder& in, const Limits&, Vouch& m) {
  m.memory.node = NodeId(in.varint());
  m.memory.expected = in.incarnation();
  m.memory.incarnation = in.incarnation();
}

// --- By kind -------------------------------------------------------------------------------------

template <std::size_t kKind>
std::optional<Message> decode_kind(Decoder& in, const Limits& limits) {
  std::optional<Message> message(std::in_place, std::in_place_index<kKind>);
  get(in, limits, std::get<kKind>(*message));
  if (!in.done()) message.reset();
  return message;
}

using DecodeKind = std::optional<Message> (*)(Decoder&, const Limits&);

template <std::size_t... kKinds>
constexpr std::array<DecodeKind, sizeof...(kKinds)> decoders(std::index_sequence<kKinds...>) {
  return {decode_kind<kKinds>...};
}

constexpr auto kDecoders = decoders(std::make_index_sequence<std::variant_size_v<Message>>());

}  // namespace

std::byte* append_body(const Message& message, std::size_t before, Bytes& out) {
  return std::visit(
      [&](const auto& each) {
        return append_measured(out, before, [&each](auto& sink) { put(sink, each); });
      },
      message);
}

bool is_known_kind(std::uint8_t kind) { return kind < kDecoders.size(); }

std::optional<Message> decode_body(std::uint8_t kind, Decoder& in, const Limits& limits) {
  return kDecoders[kind](in, limits);
}

}  // namespace synod::wire
