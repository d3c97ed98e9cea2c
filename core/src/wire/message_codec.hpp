// Each kind of message as a body of bytes. The kind's number itself stands in the frame's header.
#pragma once

#include <cstdint>
#include <optional>

#include <synod/bytes.hpp>
#include <synod/limits.hpp>
#include <synod/message.hpp>

#include "wire/decoder.hpp"

namespace synod::wire {

// Appends room of `before` bytes and then the message's body to `out`; gives where the room starts.
std::byte* append_body(const Message& message, std::size_t before, Bytes& out);

[[nodiscard]] bool is_known_kind(std::uint8_t kind);
// The message of that kind, or nothing where the bytes are no such message, or more than one.
// Requires: the kind is known.
[[nodiscard]] std::optional<Message> decode_body(std::uint8_t kind, Decoder& in,
                                                 const Limits& limits);

}  // namespace synod::wire
