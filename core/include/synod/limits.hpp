// File: limits.hpp
//
// Every bound of a node in one place. Whatever reaches one of them is refused with an error that
// names it; nothing grows past it. They are local settings: nodes of a cluster may differ, except
// where a comment says that the genesis map fixes the value for all.
#pragma once

#include <cstdint>

namespace synod {

struct Limits {
  // One entry's payload. Larger: the append fails with kTooLarge.
  std::uint32_t entry_bytes_max = 1u << 20;
  // One frame on the wire, header included. A longer one closes the connection.
  std::uint32_t frame_bytes_max = 8u << 20;

  // Rounds above the applied one that this node proposes in, whatever the state asks for.
  std::uint64_t window_max = 65'536;
  // Rounds above the applied one that this node accepts in; past it, it catches up first.
  std::uint64_t accepted_ahead_max = 131'072;
  // What one Propose carries at the most.
  std::uint32_t batch_entries_max = 1024;
  std::uint32_t batch_bytes_max = 256u << 10;
  // Appends that wait for a round. Past it: kOverloaded.
  std::uint64_t queue_entries_max = 65'536;
  std::uint64_t queue_bytes_max = 64u << 20;
  // Reads that wait. Past it: kOverloaded.
  std::uint64_t reads_max = 65'536;
  // How far above its own a node lets another's coordination number be. Anything further is
  // ignored: a single bogus number near the maximum would otherwise end all campaigns.
  std::uint64_t counter_jump_max = 1ull << 32;

  // Applied entries kept in memory to serve nodes that fetch; a node further behind gets a snapshot.
  std::uint64_t retained_entries_max = 65'536;
  std::uint64_t retained_bytes_max = 64u << 20;
  // One answer to a fetch.
  std::uint32_t fetch_entries_max = 4096;
  std::uint32_t fetch_bytes_max = 1u << 20;
  // One page of a promise.
  std::uint32_t promise_page_entries_max = 4096;
  std::uint32_t promise_page_bytes_max = 1u << 20;
  std::uint32_t snapshot_chunk_bytes = 256u << 10;
  std::uint64_t snapshot_bytes_max = 1ull << 30;

  // Records that may stay unwritten although nobody waits for them.
  std::uint64_t lazy_bytes_max = 1u << 20;

  // One vote's sections, all together.
  std::uint32_t vote_bytes_max = 4096;
  std::uint32_t members_max = 64;
};

}  // namespace synod
