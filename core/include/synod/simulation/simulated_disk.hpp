// File: simulated_disk.hpp
//
// A disk in memory that does what disks do: it loses what was not synced, tears writes, rots, fills
// up, stalls and fails. Deterministic: all chance comes from a Prng, all time from a scheduler.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
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
  // So many of the next operations of a kind fail, and do nothing. Opening is creating a file.
  std::uint64_t read_errors = 0;
  std::uint64_t write_errors = 0;
  std::uint64_t open_errors = 0;
  std::uint64_t rename_errors = 0;
  // So many of the next syncs fail. What such a sync should have saved is not saved by any later
  // one either, although a read still gives it back until the power fails.
  std::uint64_t sync_errors = 0;
  std::optional<std::uint64_t> capacity = std::nullopt;  // Bytes of all files together.
  bool hung = false;                 // Nothing completes until this is taken back: wake().
  Duration delay_min = Duration(0);  // Of each operation.
  Duration delay_max = Duration(0);
  // When the power fails: whether any subset of the writes that were not synced may survive (else
  // those before some moment do), and whether one of them may survive in part.
  bool reorders = true;
  bool tears = true;
};
inline constexpr std::uint64_t kForGood = ~std::uint64_t{0};  // For the numbers of errors.

// What really went wrong, and how often.
struct DiskCounts {
  std::uint64_t operations = 0;  // Completed.
  std::uint64_t read_errors = 0;
  std::uint64_t write_errors = 0;
  std::uint64_t open_errors = 0;
  std::uint64_t rename_errors = 0;
  std::uint64_t sync_errors = 0;
  std::uint64_t refused = 0;      // For want of space.
  std::uint64_t misread = 0;      // Reads that gave something else.
  std::uint64_t lost_writes = 0;  // Not synced, and gone with the power.
  std::uint64_t torn_writes = 0;  // Of which a part is left.
};

// Where a trap springs: the operation has not begun; it has begun; it is done, and nobody was told.
enum class TrapMoment : std::uint8_t { kBefore, kWithin, kAfter };

// Outlives the nodes that use it and holds what survives them: for each file its durable content
// and the writes that are not synced yet. Creating, renaming and removing are durable when they
// complete.
class SimulatedDisk {
 public:
  // Runs `work` on the node's thread after `delay`, never inside the call. After the node's death
  // it may run it or drop it.
  using Schedule = absl::AnyInvocable<void(Duration delay, absl::AnyInvocable<void()> work)>;
  // Whether one byte that was written and not synced survives. Asked in the order of the writes,
  // and in each by ascending offset.
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
  // whole writes, halves of them, pages, sectors, or a byte here and there. What did not survive is
  // as it was before, or zero. See DiskFaults::reorders and tears.
  void crash(Prng& prng);
  // As crash(), but `survives` decides.
  void crash_with(Survives survives);

  [[nodiscard]] DiskFaults& faults() { return faults_; }
  [[nodiscard]] const DiskCounts& counts() const { return counts_; }
  // At the `operations`-th operation from now on (1: the next) the present life comes to a halt:
  // nothing of it begins or completes any more. Then `sprung` is called, inside an operation: it
  // must see to it that the life ends, but later. A life that ends earlier takes the trap with it;
  // 0 takes it away.
  void set_trap(std::uint64_t operations, TrapMoment moment, absl::AnyInvocable<void()> sprung);
  // Lets what hung go on.
  void wake();
  // Flips one bit at least of a byte of a file, for good. False where there is no such byte.
  bool rot(const std::string& name, std::uint64_t offset);
  // Replaces bytes of a file, for good: for writes that went astray. Requires: they are in the
  // file.
  void overwrite(const std::string& name, std::uint64_t offset, std::span<const std::byte> bytes);
  // The next read of `name`, in this life or the next, gives these bytes; the one after it gives
  // what is there. At most one such file at a time, and not beyond become() and roll_back().
  void misread(const std::string& name, Bytes bytes) { misread_ = {name, std::move(bytes)}; }
  [[nodiscard]] bool will_misread() const { return !misread_.first.empty(); }
  // The last writes to a file that were synced, the latest last, and what they replaced.
  struct PastWrite {
    std::uint64_t offset = 0;
    Bytes before;
  };
  [[nodiscard]] const std::deque<PastWrite>& past_writes(const std::string& name) const;
  // Sets every byte to what `content` holds, durably; for tests that need a certain disk.
  void put(const std::string& name, Bytes content);
  // What would be left if the power failed and all that is not synced were lost.
  using Image = std::map<std::string, Bytes>;
  [[nodiscard]] Image image() const;
  // Replaces all files by new ones, as a copy or a backup that is put back does. Requires: nobody
  // uses the disk.
  void become(const Image& image);
  // As image(), and which files they are.
  struct VolumeFile {
    Bytes content;
    FileIdentity identity;
  };
  using Volume = std::map<std::string, VolumeFile>;
  [[nodiscard]] Volume volume() const;
  // Puts the very files back, as a snapshot of a volume or of a machine does. Requires: nobody uses
  // the disk.
  void roll_back(const Volume& volume);
  // From now on it says, or does not say, which file is which.
  void tell_identities(bool tells) { tells_identities_ = tells; }
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
    std::deque<PastWrite> past;
    FileIdentity identity;
  };
  struct Trap {
    std::uint64_t operations = 0;  // Left; 0: no trap is set.
    TrapMoment moment = TrapMoment::kBefore;
    absl::AnyInvocable<void()> sprung;
  };

  File& make(const std::string& name, Bytes content);
  void end_lives(Prng* prng);
  static void remember(File& file, const Unsynced& synced);
  static void show_what_is_durable(File& file);
  void lose_power(Survives survives);
  void lose_power(Prng& prng);

  Prng prng_;
  DiskFaults faults_;
  DiskCounts counts_;
  Trap trap_;
  std::pair<std::string, Bytes> misread_;
  std::map<std::string, File> files_;
  std::vector<Handle*> handles_;  // Those that live.
  std::uint64_t syncs_ = 0;
  std::uint64_t files_made_ = 0;
  bool tells_identities_ = true;
};

}  // namespace synod
