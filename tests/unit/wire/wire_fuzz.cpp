// libFuzzer: whatever comes in, decoding ends in a value or an error; and a value has one form.
//
//   cmake -B build/fuzz -DSYNOD_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++-16
//   build/fuzz/tests/unit/wire/wire_fuzz -max_total_time=60
#include <synod/wire.hpp>

#include <algorithm>
#include <cstdlib>

#include "wire/message_codec.hpp"

namespace {

using namespace synod;

void expect(bool holds) {
  if (!holds) std::abort();
}

// As it came: hardly ever past the checksum, which is the point.
void fuzz_frame(std::span<const std::byte> input) {
  const Limits limits;
  std::size_t size = 0;
  const FrameStatus status = peek_frame(input, limits, size);
  expect(size <= limits.frame_bytes_max);
  if (status == FrameStatus::kReady) (void)decode_frame(nullptr, input.first(size), limits);
}

// Behind the checksum.
void fuzz_body(std::uint8_t kind, std::span<const std::byte> body) {
  const Limits limits;
  if (!wire::is_known_kind(kind)) return;
  ByteReader in(body);
  wire::PayloadSource payloads(nullptr, body);
  wire::Decoder decoder(in, payloads);
  const std::optional<Message> message = wire::decode_body(kind, decoder, limits);
  if (!message) return;

  Bytes encoded;
  wire::append_body(*message, 0, encoded);
  // Of a vote what does not fit is dropped; anything else comes out as it went in.
  expect(encoded.size() <= body.size());
  if (encoded.size() == body.size()) {
    expect(std::equal(encoded.begin(), encoded.end(), body.begin()));
  }
}

void fuzz_record(std::span<const std::byte> input) {
  ByteReader in(input);
  const std::optional<Record> record = decode_record(in);
  if (!record) return;
  Bytes encoded;
  ByteWriter out(encoded);
  encode_record(*record, out);
  expect(encoded.size() == input.size() - in.left());
  expect(std::equal(encoded.begin(), encoded.end(), input.begin()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto input = std::as_bytes(std::span(bytes, size));
  fuzz_frame(input);
  fuzz_record(input);
  if (!input.empty()) fuzz_body(bytes[0], input.subspan(1));
  return 0;
}
