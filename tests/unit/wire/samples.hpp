// Random messages and records, the same for the same seed: every kind, with every optional part
// there and not there.
#pragma once

#include <vector>

#include <synod/message.hpp>
#include <synod/prng.hpp>
#include <synod/record.hpp>
#include <synod/wire.hpp>

namespace synod::testing {

[[nodiscard]] Message random_message(Prng& prng, std::size_t kind);
[[nodiscard]] Record random_record(Prng& prng, std::size_t kind);
[[nodiscard]] Envelope random_envelope(Prng& prng);

// `each` of every kind.
[[nodiscard]] std::vector<Message> sample_messages(std::size_t each);
[[nodiscard]] std::vector<Record> sample_records(std::size_t each);

[[nodiscard]] Bytes frame_of(const Envelope& envelope, const Message& message);
[[nodiscard]] Bytes body_of(const Message& message);
[[nodiscard]] Bytes bytes_of(const Record& record);
// The body as a message of that kind, as if a frame had brought it; nothing where it is none.
[[nodiscard]] std::optional<Message> message_of(std::size_t kind, std::span<const std::byte> body);

}  // namespace synod::testing
