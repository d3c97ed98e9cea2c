#include "unit/wire/samples.hpp"

#include "wire/message_codec.hpp"

namespace synod::testing {
namespace {

// Short, long and extreme ones alike, because a var-int has ten lengths.
std::uint64_t any_number(Prng& prng) {
  if (prng.chance(0.05)) return std::numeric_limits<std::uint64_t>::max();
  return prng.next() >> prng.below(64);
}
RoundNum any_round(Prng& prng) { return RoundNum(any_number(prng)); }
std::uint32_t any_small(Prng& prng) { return static_cast<std::uint32_t>(any_number(prng)); }

Payload any_payload(Prng& prng) {
  Bytes bytes(prng.below(20));
  for (std::byte& each : bytes) each = static_cast<std::byte>(prng.next());
  return Payload::copy_of(bytes);
}

std::string any_text(Prng& prng) {
  std::string text(prng.below(8), ' ');
  for (char& each : text) each = static_cast<char>('a' + prng.below(26));
  return text;
}

CoordNum any_coord(Prng& prng) {
  return {any_number(prng), NodeId(any_number(prng)), Incarnation(prng.next())};
}

Entry any_entry(Prng& prng) {
  Entry entry;
  entry.id = prng.entry_id();
  entry.kind = static_cast<EntryKind>(prng.below(4));
  if (prng.chance(0.5)) entry.tag = static_cast<ComponentTag>(prng.next());
  if (prng.chance(0.5)) entry.last_round = any_round(prng);
  entry.payload = any_payload(prng);
  return entry;
}

PlacedEntry any_placed(Prng& prng) { return {any_round(prng), any_coord(prng), any_entry(prng)}; }

template <class Make>
auto some(Prng& prng, const Make& make) {
  std::vector<decltype(make(prng))> items;
  for (std::uint64_t left = prng.below(4); left > 0; --left) items.push_back(make(prng));
  return items;
}

VoteSections any_vote(Prng& prng) {
  return some(prng, [](Prng& p) { return VoteSection{any_text(p), any_payload(p)}; });
}

CommitRun any_run(Prng& prng) {
  CommitRun run{any_round(prng), any_coord(prng), {}};
  run.ids = some(prng, [](Prng& p) { return p.entry_id(); });
  return run;
}

Duration any_age(Prng& prng) { return Duration(static_cast<std::int64_t>(any_number(prng) >> 1)); }

GenesisMap any_map(Prng& prng) {
  GenesisMap map;
  map.members = some(prng, [](Prng& p) {
    GenesisMember each;
    each.member.id = NodeId(any_number(p));
    each.member.roles = {p.chance(0.5), p.chance(0.5), p.chance(0.5)};
    each.member.weight = any_small(p);
    each.member.address = any_text(p);
    each.incarnation = Incarnation(p.next());
    return each;
  });
  map.policy = {any_number(prng), any_number(prng)};
  map.remembered_rounds = any_number(prng);
  map.founding = prng.chance(0.5) ? FoundingRule::kQuorum : FoundingRule::kAll;
  return map;
}

std::optional<GenesisMap> maybe_map(Prng& prng) {
  if (prng.chance(0.5)) return std::nullopt;
  return any_map(prng);
}

}  // namespace

Message random_message(Prng& prng, std::size_t kind) {
  Prng& p = prng;
  switch (kind) {
    case 0:
      return Prepare{any_round(p), any_coord(p)};
    case 1:
      return Promise{any_coord(p), any_round(p),        any_round(p), any_small(p),
                     any_small(p), some(p, any_placed), any_vote(p),  any_small(p)};
    case 2: {
      Conflict conflict{any_coord(p), any_round(p), any_coord(p), any_round(p), {}};
      if (p.chance(0.5)) conflict.settled = any_placed(p);
      return conflict;
    }
    case 3:
      return Abstention{any_coord(p), any_round(p), p.chance(0.5), any_vote(p)};
    case 4:
      return Propose{any_coord(p), any_round(p), some(p, any_entry), some(p, any_run), any_age(p)};
    case 5:
      return Acceptance{any_coord(p), any_round(p), any_small(p), any_vote(p)};
    case 6:
      return Rejection{any_coord(p), any_round(p), any_vote(p)};
    case 7:
      return Commit{some(p, any_placed), some(p, any_run), any_age(p)};
    case 8:
      return Fetch{p.next(), any_round(p), any_round(p)};
    case 9:
      return Entries{p.next(),     any_round(p), some(p, any_placed),
                     any_round(p), any_round(p), any_round(p)};
    case 10:
      return SnapshotRequest{any_round(p), any_number(p)};
    case 11:
      return SnapshotChunk{any_round(p), any_number(p), any_number(p), p.next(), any_payload(p)};
    case 12:
      return ReadQuery{p.next()};
    case 13:
      return ReadAnswer{p.next(), any_round(p), any_round(p)};
    case 14:
      return LeadershipRequest{any_round(p)};
    case 15: {
      GenesisNote note{static_cast<GenesisStage>(p.below(3)), p.chance(0.5), {}};
      if (p.chance(0.5)) note.map = any_map(p);
      return note;
    }
    case 16:
      return Announcement{Incarnation(p.next()), p.next()};
    case 17:
      return Challenge{p.next()};
    case 18:
      return Note{any_text(p), any_payload(p)};
    case 19:
      return GenesisPrepare{any_coord(p), any_map(p)};
    case 20:
      return GenesisPromise{any_coord(p), any_coord(p), maybe_map(p)};
    case 21:
      return GenesisPropose{any_coord(p), any_map(p)};
    case 22:
      return GenesisAcceptance{any_coord(p)};
    case 23:
      return GenesisConflict{any_coord(p), any_coord(p)};
    default:
      return Vouch{{NodeId(any_number(p)), Incarnation(p.next()), Incarnation(p.next())}};
  }
}

Record random_record(Prng& prng, std::size_t kind) {
  switch (kind) {
    case 0:
      return IdentityRecord{Incarnation(prng.next())};
    case 1:
      return GenesisRecord{any_map(prng), prng.chance(0.5)};
    case 2:
      return PromiseRecord{any_coord(prng)};
    case 3:
      return AcceptedRecord{any_placed(prng)};
    case 4:
      return CommittedRecord{any_placed(prng)};
    case 5:
      return CommitMarkRecord{any_round(prng)};
    case 6:
      return AdmissionRecord{any_round(prng)};
    case 7:
      return GenesisVoteRecord{any_coord(prng), any_coord(prng), maybe_map(prng)};
    default:
      return ReplacementRecord{};
  }
}

Envelope random_envelope(Prng& prng) {
  return {ClusterId(prng.next()), NodeId(any_number(prng)), Incarnation(prng.next())};
}

std::vector<Message> sample_messages(std::size_t each) {
  Prng prng(1);
  std::vector<Message> samples;
  for (std::size_t i = 0; i < each * std::variant_size_v<Message>; ++i) {
    samples.push_back(random_message(prng, i % std::variant_size_v<Message>));
  }
  return samples;
}

std::vector<Record> sample_records(std::size_t each) {
  Prng prng(2);
  std::vector<Record> samples;
  for (std::size_t i = 0; i < each * std::variant_size_v<Record>; ++i) {
    samples.push_back(random_record(prng, i % std::variant_size_v<Record>));
  }
  return samples;
}

Bytes frame_of(const Envelope& envelope, const Message& message) {
  Bytes frame;
  encode_frame(envelope, message, frame);
  return frame;
}

Bytes body_of(const Message& message) {
  Bytes body;
  wire::append_body(message, 0, body);
  return body;
}

Bytes bytes_of(const Record& record) {
  Bytes bytes;
  ByteWriter out(bytes);
  encode_record(record, out);
  return bytes;
}

std::optional<Message> message_of(std::size_t kind, std::span<const std::byte> body) {
  ByteReader in(body);
  wire::PayloadSource payloads(nullptr, body);
  wire::Decoder decoder(in, payloads);
  return wire::decode_body(static_cast<std::uint8_t>(kind), decoder, Limits{});
}

}  // namespace synod::testing
