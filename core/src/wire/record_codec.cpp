#include <synod/wire.hpp>

#include "wire/decoder.hpp"
#include "wire/encode.hpp"
#include "wire/sinks.hpp"

namespace synod {
namespace wire {
namespace {

template <class Sink>
void put(Sink& out, const IdentityRecord& r) {
  put(out, r.incarnation);
}
template <class Sink>
void put(Sink& out, const GenesisRecord& r) {
  put(out, r.map);
  put_boolean(out, r.complete);
}
template <class Sink>
void put(Sink& out, const PromiseRecord& r) {
  put(out, r.coord);
}
template <class Sink>
void put(Sink& out, const AcceptedRecord& r) {
  put(out, r.placed);
}
template <class Sink>
void put(Sink& out, const CommittedRecord& r) {
  put(out, r.placed);
}
template <class Sink>
void put(Sink& out, const CommitMarkRecord& r) {
  put(out, r.round);
}
template <class Sink>
void put(Sink& out, const AdmissionRecord& r) {
  put(out, r.votes_from);
}
template <class Sink>
void put(Sink& out, const GenesisVoteRecord& r) {
  put(out, r.promised);
  put(out, r.accepted_at);
  put(out, r.accepted);
}
template <class Sink>
void put(Sink& /*out*/, const ReplacementRecord& /*r*/) {}

void append(const Record& record, Bytes& out) {
  std::visit(
      [&](const auto& each) {
        append_measured(out, 0, [&](auto& sink) {
          sink.u8(static_cast<std::uint8_t>(record.index()));
          put(sink, each);
        });
      },
      record);
}

Record read(Decoder& in) {
  // The place in the variant is the kind's number; new ones go at the end.
  static_assert(std::variant_size_v<Record> == 9);
  switch (in.u8()) {
    case 0:
      return IdentityRecord{in.incarnation()};
    case 1: {
      GenesisRecord record;
      record.map = in.genesis_map();
      record.complete = in.boolean();
      return record;
    }
    case 2:
      return PromiseRecord{in.coord()};
    case 3:
      return AcceptedRecord{in.placed()};
    case 4:
      return CommittedRecord{in.placed()};
    case 5:
      return CommitMarkRecord{in.round()};
    case 6:
      return AdmissionRecord{in.round()};
    case 7: {
      GenesisVoteRecord record;
      record.promised = in.coord();
      record.accepted_at = in.coord();
      if (in.boolean()) record.accepted = in.genesis_map();
      return record;
    }
    case 8:
      return ReplacementRecord{};
    default:
      in.fail();
      return IdentityRecord{};
  }
}

}  // namespace
}  // namespace wire

void encode_record(const Record& record, ByteWriter& out) { wire::append(record, out.out()); }

std::optional<Record> decode_record(ByteReader& in) {
  wire::PayloadSource payloads = wire::PayloadSource::of_copies();
  wire::Decoder decoder(in, payloads);
  Record record = wire::read(decoder);
  if (!in.ok()) return std::nullopt;
  return record;
}

}  // namespace synod
