// One life's handle on a SimulatedDisk.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include <synod/simulation/simulated_disk.hpp>

namespace synod {

// Runs operations one after the other. A write reaches the page cache when it starts and, if
// synced, the disk when it completes; what concerns names happens on completion.
class SimulatedDisk::Handle final : public FileSystem {
 public:
  Handle(SimulatedDisk& disk, Schedule schedule);
  ~Handle() override;

  void lock(Done done) override;
  void list(ListDone done) override;
  void read(const std::string& name, ReadDone done) override;
  void create(const std::string& name, std::uint64_t size, Done done) override;
  void write(const std::string& name, std::uint64_t offset, std::span<const std::byte> bytes,
             bool sync, Done done) override;
  void rename(const std::string& from, const std::string& to, Done done) override;
  void remove(const std::string& name, Done done) override;
  void identify(const std::string& name, IdentifyDone done) override;

  // Ends this life. With `prng`, what runs just now may have happened, or the half of it.
  void die(Prng* prng);
  void wake();
  [[nodiscard]] bool holds_lock() const { return locked_; }

 private:
  enum class Kind : std::uint8_t { kOther, kRead, kWrite, kOpen, kRename };
  struct Operation {
    Kind kind = Kind::kOther;
    std::string name;
    std::uint64_t offset = 0;
    std::span<const std::byte> bytes;
    // What it does on completing, and whom it tells; both in one, because each kind tells another
    // kind of answer.
    absl::AnyInvocable<void(absl::Status started)> complete;
    // The change to names, for an operation that a crash finds half done; may be empty.
    absl::AnyInvocable<void()> change;
    absl::Status started;
  };

  // Nobody hears of what is finished on the way out: he may be gone, or use this handle again.
  template <class Callback, class Result>
  void tell(Callback& done, Result&& result) {
    if (!quiet_) done(std::forward<Result>(result));
  }

  void add(Operation operation);
  void start_next();
  void finish_front();
  absl::Status start(const Operation& operation);
  absl::Status start_write(const Operation& operation);
  // The error that the next operation of this kind has to fail with, if any.
  absl::Status next_error(Kind kind);
  // True, and all is over, where the trap springs at this moment of an operation.
  bool springs(TrapMoment moment);
  absl::Status create_file(const std::string& name, std::uint64_t size);
  absl::Status finish_write(const std::string& name, bool sync, const absl::Status& started);
  static void overlay(const Unsynced& newer, Unsynced& older);
  absl::Status rename_file(const std::string& from, const std::string& to);
  absl::Status take_lock();

  SimulatedDisk* disk_;
  Schedule schedule_;
  std::deque<Operation> queue_;
  bool running_ = false;
  bool quiet_ = false;
  bool hung_ = false;
  bool locked_ = false;
  bool halted_ = false;  // A trap sprang.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace synod
