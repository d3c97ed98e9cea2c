// File: checksum.hpp
//
// CRC-32C (Castagnoli), as in iSCSI: what frames and the journal are checked with. It finds every
// flipped burst of up to 32 bits; it does not stop anybody who means harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace synod {

// Of `bytes`, or, given the checksum of what lies before them, of both together.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0);

}  // namespace synod
