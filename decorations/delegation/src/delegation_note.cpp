#include "delegation_note.hpp"

namespace synod::delegation {
namespace {

// The bounds only keep a length from being believed before it is checked: the whole message lies in
// memory already.
constexpr std::size_t kBytesMax = 1u << 30;

void encode(const EntryId& id, ByteWriter& out) {
  out.u64(id.high);
  out.u64(id.low);
}

EntryId decode_id(ByteReader& in) {
  EntryId id;
  id.high = in.u64();
  id.low = in.u64();
  return id;
}

ForwardedEntry decode_entry(ByteReader& in) {
  ForwardedEntry forwarded;
  Entry& entry = forwarded.entry;
  entry.id = decode_id(in);
  const std::uint8_t kind = in.u8();
  if (kind > static_cast<std::uint8_t>(EntryKind::kReadmit)) {
    in.fail();
  }
  entry.kind = static_cast<EntryKind>(kind);
  entry.tag = static_cast<ComponentTag>(in.varint());
  entry.last_round = RoundNum(in.varint());
  entry.payload = Payload::copy_of(in.bytes(kBytesMax));
  forwarded.rounds.first = RoundNum(in.varint());
  forwarded.rounds.last = RoundNum(in.varint());
  const std::uint64_t time_left = in.varint();
  if (time_left > static_cast<std::uint64_t>(Duration::max().count())) {
    in.fail();
  }
  forwarded.time_left = Duration(static_cast<Duration::rep>(time_left));
  forwarded.attempt = in.u32();
  return forwarded;
}

Answer decode_answer(ByteReader& in) {
  Answer answer;
  answer.id = decode_id(in);
  answer.attempt = in.u32();
  const std::uint8_t kind = in.u8();
  answer.kind = static_cast<AnswerKind>(kind);
  answer.round = RoundNum(in.varint());
  answer.leader = NodeId(in.varint());
  const std::uint8_t error = in.u8();
  const std::uint8_t fate = in.u8();
  answer.error.detail = std::string(in.text(kBytesMax));
  if (kind > static_cast<std::uint8_t>(AnswerKind::kOutdated) ||
      error > static_cast<std::uint8_t>(AppendErrorKind::kAlreadyApplied) ||
      fate > static_cast<std::uint8_t>(Fate::kNever)) {
    in.fail();
  }
  answer.error.kind = static_cast<AppendErrorKind>(error);
  answer.error.fate = static_cast<Fate>(fate);
  return answer;
}

}  // namespace

void encode(const Heading& heading, ByteWriter& out) {
  out.u64(heading.epoch);
  out.u64(heading.token);
  out.varint(heading.number);
  out.boolean(heading.is_forward);
}

void decode(ByteReader& in, Heading& heading) {
  heading.epoch = in.u64();
  heading.token = in.u64();
  heading.number = in.varint();
  heading.is_forward = in.boolean();
}

void encode_heading(const Forward& forward, ByteWriter& out) {
  out.varint(forward.origin.value());
  out.boolean(forward.relayed);
  out.boolean(forward.lead);
}

void encode(const ForwardedEntry& forwarded, ByteWriter& out) {
  const Entry& entry = forwarded.entry;
  encode(entry.id, out);
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.varint(entry.tag);
  out.varint(entry.last_round.value());
  out.bytes(entry.payload.bytes());
  out.varint(forwarded.rounds.first.value());
  out.varint(forwarded.rounds.last.value());
  const Duration::rep left = forwarded.time_left.count();
  out.varint(static_cast<std::uint64_t>(left < 0 ? 0 : left));
  out.u32(forwarded.attempt);
}

void encode(const Answer& answer, ByteWriter& out) {
  encode(answer.id, out);
  out.u32(answer.attempt);
  out.u8(static_cast<std::uint8_t>(answer.kind));
  out.varint(answer.round.value());
  out.varint(answer.leader.value());
  out.u8(static_cast<std::uint8_t>(answer.error.kind));
  out.u8(static_cast<std::uint8_t>(answer.error.fate));
  out.text(answer.error.detail);
}

void decode(ByteReader& in, Forward& forward) {
  forward.origin = NodeId(in.varint());
  forward.relayed = in.boolean();
  forward.lead = in.boolean();
  while (in.ok() && in.left() > 0) {
    forward.entries.push_back(decode_entry(in));
  }
}

void decode(ByteReader& in, std::vector<Answer>& answers) {
  while (in.ok() && in.left() > 0) {
    answers.push_back(decode_answer(in));
  }
}

}  // namespace synod::delegation
