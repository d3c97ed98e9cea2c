// File: simulated_disk.hpp
//
// A disk in memory that does what disks do: it loses what was not synced, tears writes, rots, fills
// up, stalls and fails. Deterministic: all chance comes from a Prng, all time from a scheduler.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/functional/function_ref.h>

#include <synod/bytes.hpp>
#include <synod/file_system.hpp>
#include <synod/prng.hpp>
#include <synod/types.hpp>

namespace synod {

// What goes wrong from now on. May be changed at any time; operations look when they run.
struct DiskFaults {
  bool write_error = false;            // Every write fails, and writes nothing.
  std::uint64_t sync_errors = 0;       // So many of the next syncs fail. What such a sync should have
                                       // saved is not saved by any later one either.
  std::optional<std::uint64_t> capacity = std::nullopt;  // Bytes of all files together.
  bool hung = false;                   // Nothing completes until this is taken back: wake().
  Duration delay_min = Duration(0);    // Of each operation.
  Duration delay_max = Duration(0);
};

// Outlives the nodes that use it and holds what survives them: for each file its durable content and
// the writes that are not synced yet. Creating, renaming and removing are durable when they complete.
class SimulatedDisk {
 public:
  // Runs `work` on the node's thread after `delay`, never inside the call. After the node's death it
  // may run it or drop it.
  using Schedule = absl::AnyInvocable<void(Duration delay, absl::AnyInvocable<void()> work)>;
  // Whether one byte that was written and not synced survives. Asked in the order of the writes, and
  // in each by ascending offset.
  using Survives = absl::FunctionRef<bool(const std::string& name, std::uint64_t offset)>;

  explicit SimulatedDisk(Prng prng);
  ~SimulatedDisk();
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;

  // For one life of one node. The disk must outlive it. Where it goes before a crash, what it had
  // queued is finished first, as in a process that ends by itself, and tells nobody.
  [[nodiscard]] std::unique_ptr<FileSystem> make_file_system(Schedule schedule);

  // The process dies (kill -9): what it queued never runs, what runs just now is done or half done.
  // Nothing that was written is lost. The file systems made before are dead and complete nothing.
  void kill(Prng& prng);
  // As kill(), and the power fails too: of what was not synced, some bytes survive and some do not;
  // whole writes, halves of them, or a byte here and there.
  void crash(Prng& prng);
  // As crash(), but `survives` decides.
  void crash_with(Survives survives);

  [[nodiscard]] DiskFaults& faults() { return faults_; }
  // Lets what hung go on.
  void wake();
  // Flips one bit at least of a byte of a file, for good. False where there is no such byte.
  bool rot(const std::string& name, std::uint64_t offset);
  // Sets every byte to what `content` holds, durably; for tests that need a certain disk.
  void put(const std::string& name, Bytes content);
  // As a reader would see it now; null where there is none.
  [[nodiscard]] const Bytes* content(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::uint64_t used() const;
  // Written, not synced yet.
  [[nodiscard]] std::uint64_t unsynced_bytes() const;
  // Syncs that were asked for, also those that failed: for tests that count them.
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }

 private:
  class Handle;
  struct Unsynced {
    std::uint64_t offset = 0;
    Bytes bytes;
    bool given_up = false;  // A sync of it failed: no later one saves it.
  };
  struct File {
    Bytes durable;
    Bytes visible;
    std::vector<Unsynced> unsynced;
  };

  void end_lives(Prng* prng);
  void lose_power(Survives survives);

  Prng prng_;
  DiskFaults faults_;
  std::map<std::string, File> files_;
  std::vector<Handle*> handles_;  // Those that live.
  std::uint64_t syncs_ = 0;
};

}  // namespace synod
