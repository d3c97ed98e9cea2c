// What a start of the journal would make of a disk: the oracle for faults that damage what was
// durable.
#pragma once

#include <cstdint>
#include <string>

#include <synod/prng.hpp>
#include <synod/simulation/simulated_disk.hpp>
#include <synod/types.hpp>

namespace synod::simulation {

struct DiskVerdict {
  bool sound = false;       // The memory is intact; otherwise it is damaged, or there is none.
  bool whole = false;       // And so are the newest snapshot and segment: what comes rests on them.
  std::uint64_t last = 0;   // The last batch that it holds.
  Incarnation incarnation;  // Where sound: which memory it is.
  friend bool operator==(const DiskVerdict&, const DiskVerdict&) = default;
};

[[nodiscard]] DiskVerdict audit(const SimulatedDisk::Image& image, NodeId node);

// Whether a journal notices that `before` became `after`, or loses nothing by it. What it cannot
// notice (rot in a last batch that no mark names yet) is outside of what Synod promises, and so is
// a second change that hides the first.
[[nodiscard]] bool is_noticed(const DiskVerdict& before, const DiskVerdict& after);

// Some ways to damage an image. Each gives what it changed, or an empty name where there is nothing
// to change.
struct Damage {
  std::string name;
  std::uint64_t offset = 0;
  Bytes bytes;  // What is there now.
};
[[nodiscard]] Damage draw_rot(Prng& prng, const SimulatedDisk::Image& image,
                              std::uint64_t bytes_max);
// What a read of some file could give instead: another file, zeros or an older half.
[[nodiscard]] Damage draw_misread(Prng& prng, const SimulatedDisk::Image& image);
void apply(const Damage& damage, SimulatedDisk::Image& image);
// Of two images with the same files of the same sizes.
[[nodiscard]] std::uint64_t changed_bytes(const SimulatedDisk::Image& before,
                                          const SimulatedDisk::Image& after);

}  // namespace synod::simulation
