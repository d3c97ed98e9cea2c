#include "journal/adoption.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "journal/scan.hpp"
#include "journal/steps.hpp"

namespace synod::journal_format {
namespace {

// A file of a journal by the name that it has there, and by the one that it has now.
using Places = std::map<std::string, std::string>;

bool is_of_a_journal(const std::string& name) {
  return name == kMarkName || segment_sequence(name).has_value() ||
         snapshot_round(name).has_value();
}

// "copied-<16 digits>-", where the name begins with it.
std::string prefix_of(const std::string& name) {
  const std::size_t size = copied_prefix(Incarnation(0)).size();
  const bool aside = name.starts_with(kCopiedPrefix) && name.size() > size;
  return aside && is_of_a_journal(name.substr(size)) ? name.substr(0, size) : std::string();
}

// Whether the memory may have said anything that it must not forget.
bool may_have_voted(const std::vector<Record>& records) {
  bool replaces = false;
  for (const Record& record : records) {
    replaces = replaces || std::holds_alternative<ReplacementRecord>(record);
    const bool votes = std::holds_alternative<PromiseRecord>(record) ||
                       std::holds_alternative<AcceptedRecord>(record) ||
                       std::holds_alternative<AdmissionRecord>(record) ||
                       std::holds_alternative<GenesisVoteRecord>(record);
    if (votes) return true;
  }
  return !replaces;
}

class Adopter : public std::enable_shared_from_this<Adopter> {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<Adoption>)>;

  Adopter(FileSystem& files, AdoptionMode mode, Done done)
      : files_(files), mode_(mode), done_(std::move(done)) {}

  void start() {
    files_.lock([self = shared_from_this()](absl::Status status) {
      if (!status.ok()) return self->done_(std::move(status));
      self->files_.list([self](const absl::StatusOr<std::vector<std::string>>& names) {
        if (!names.ok()) return self->done_(names.status());
        self->read_all(*names);
      });
    });
  }

 private:
  void read_all(const std::vector<std::string>& names);
  void read(const std::string& stored, std::vector<Step>& steps);
  void on_read(const absl::Status& status);
  absl::Status judge();
  absl::Status judge_what_replaced_it();
  absl::Status choose_places();
  absl::Status scan_places(const Places& places, std::optional<Scan>& scan) const;
  [[nodiscard]] absl::Status check_snapshot(const Scan& scan) const;
  [[nodiscard]] std::optional<Incarnation> copied_memory_in_place() const;
  void act();

  FileSystem& files_;
  AdoptionMode mode_;
  Done done_;
  std::map<std::string, Bytes> content_;  // By stored name, as are the identities.
  std::map<std::string, FileIdentity> identity_;
  Places in_place_;
  Places aside_;
  Places chosen_;
  Adoption adoption_;
};

void Adopter::read_all(const std::vector<std::string>& names) {
  std::vector<Step> steps;
  for (const std::string& name : names) {
    const std::string prefix = prefix_of(name);
    if (prefix.empty() && !is_of_a_journal(name)) continue;
    (prefix.empty() ? in_place_ : aside_)[name.substr(prefix.size())] = name;
    read(name, steps);
  }
  run_in_turn(std::move(steps),
              [self = shared_from_this()](const absl::Status& status) { self->on_read(status); });
}

void Adopter::read(const std::string& stored, std::vector<Step>& steps) {
  steps.push_back([self = shared_from_this(), stored](FileSystem::Done next) {
    self->files_.read(
        stored, [self, stored, next = std::move(next)](absl::StatusOr<Bytes> content) mutable {
          if (content.ok()) self->content_[stored] = *std::move(content);
          next(content.status());
        });
  });
  steps.push_back([self = shared_from_this(), stored](FileSystem::Done next) {
    self->files_.identify(stored, [self, stored, next = std::move(next)](
                                      const absl::StatusOr<FileIdentity>& found) mutable {
      if (found.ok()) self->identity_[stored] = *found;
      next(found.status());
    });
  });
}

void Adopter::on_read(const absl::Status& status) {
  if (!status.ok()) return done_(status);
  if (absl::Status judged = judge(); !judged.ok()) return done_(std::move(judged));
  if (mode_ == AdoptionMode::kLook) return done_(std::move(adoption_));
  act();
}

// Whose segments are in place although they were written to other files.
std::optional<Incarnation> Adopter::copied_memory_in_place() const {
  for (const auto& [name, stored] : in_place_) {
    SegmentHeader header;
    const bool sound = segment_sequence(name).has_value() &&
                       get(content_.at(stored), header) == HeaderKind::kSound;
    if (sound && header.file != identity_.at(stored)) return header.incarnation;
  }
  return std::nullopt;
}

absl::Status Adopter::judge() {
  for (const auto& [stored, content] : content_) {
    const std::optional<Owner> owner = owner_of(content);
    if (owner.has_value()) adoption_.owner = *owner;
  }
  if (absl::Status status = choose_places(); !status.ok()) return status;
  std::optional<Scan> scan;
  if (absl::Status status = scan_places(chosen_, scan); !status.ok()) return status;
  if (absl::Status status = check_snapshot(*scan); !status.ok()) return status;
  adoption_.incarnation = scan->incarnation();
  adoption_.last_batch = scan->last();
  for (const auto& [name, written] : scan->files()) {
    const FileIdentity& found = identity_.at(chosen_.at(name));
    if (found != written) adoption_.copied.push_back({name, written, found});
  }
  return absl::OkStatus();
}

// A copy that a start has set aside counts before what is in its place; together with what is in
// its place already where a call of this was interrupted. A later memory's copy counts alone.
absl::Status Adopter::choose_places() {
  chosen_ = in_place_;
  if (aside_.empty()) return absl::OkStatus();
  const std::string prefix = prefix_of(aside_.begin()->second);
  for (const auto& [name, stored] : aside_) {
    if (prefix_of(stored) == prefix) continue;
    return absl::FailedPreconditionError(
        "copies of two memories were set aside: remove the files of the older one");
  }
  const std::optional<Incarnation> in_place = copied_memory_in_place();
  if (in_place.has_value() && copied_prefix(*in_place) != prefix) {
    aside_.clear();
    return absl::OkStatus();
  }
  if (!in_place.has_value()) {
    if (absl::Status status = judge_what_replaced_it(); !status.ok()) return status;
    chosen_.clear();
    adoption_.brings_back = true;
  }
  for (const auto& [name, stored] : aside_) chosen_[name] = stored;
  return absl::OkStatus();
}

absl::Status Adopter::judge_what_replaced_it() {
  if (in_place_.empty()) return absl::OkStatus();
  std::optional<Scan> scan;
  if (absl::Status status = scan_places(in_place_, scan); !status.ok()) {
    return absl::FailedPreconditionError("what is in the place of the copy: " +
                                         std::string(status.message()));
  }
  if (!may_have_voted(scan->records())) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the node has begun a new memory since, which may have voted: the copy is not the latest");
}

absl::Status Adopter::scan_places(const Places& places, std::optional<Scan>& scan) const {
  scan.emplace(adoption_.owner);
  const auto mark = places.find(std::string(kMarkName));
  if (mark != places.end()) scan->add_mark(content_.at(mark->second));
  for (const auto& [name, stored] : places) {
    const auto sequence = segment_sequence(name);
    if (sequence.has_value()) scan->add_segment(*sequence, content_.at(stored));
  }
  if (!scan->status().ok()) return scan->status();
  if (scan->damaged()) {
    return absl::DataLossError(
        "the journal is damaged, as a copy is that was made while the node ran: see "
        "`synod-journal verify`");
  }
  if (scan->empty()) return absl::NotFoundError("no journal");
  return absl::OkStatus();
}

absl::Status Adopter::check_snapshot(const Scan& scan) const {
  const RoundNum needed = scan.checkpoint_round();
  if (needed == RoundNum(0)) return absl::OkStatus();
  for (const auto& [name, stored] : chosen_) {
    const auto round = snapshot_round(name);
    if (!round.has_value() || *round < needed) continue;
    if (read_snapshot(adoption_.owner, *round, content_.at(stored)).ok()) return absl::OkStatus();
  }
  return absl::DataLossError(snapshot_name(needed) + ", which the records need, is missing or bad");
}

// What is there after any of these steps is a copy still, until the last segment got its new name.
void Adopter::act() {
  std::vector<Step> steps;
  std::vector<std::string> names;
  if (adoption_.brings_back) {
    for (const auto& [name, stored] : in_place_) names.push_back(name);
    for (const std::string& name : order_of_a_copy(names)) {
      steps.push_back(
          [this, name](FileSystem::Done next) { files_.remove(name, std::move(next)); });
    }
  }
  names.clear();
  for (const auto& [name, stored] : aside_) names.push_back(name);
  std::vector<std::string> back = order_of_a_copy(names);
  std::ranges::reverse(back);
  for (const std::string& name : back) {
    steps.push_back([this, name](FileSystem::Done next) {
      files_.rename(aside_.at(name), name, std::move(next));
    });
  }
  for (const CopiedFile& file : adoption_.copied) {
    auto bytes = std::make_shared<Bytes>(kHeaderBytes);
    put(file.found, *bytes);
    steps.push_back([this, name = file.name, bytes](FileSystem::Done next) {
      files_.write(name, kHeaderBytes, *bytes, true,
                   [bytes, next = std::move(next)](absl::Status status) mutable {
                     next(std::move(status));
                   });
    });
  }
  run_in_turn(std::move(steps), [self = shared_from_this()](const absl::Status& status) {
    if (!status.ok()) return self->done_(status);
    self->done_(std::move(self->adoption_));
  });
}

}  // namespace

void adopt(FileSystem& files, AdoptionMode mode,
           absl::AnyInvocable<void(absl::StatusOr<Adoption>)> done) {
  std::make_shared<Adopter>(files, mode, std::move(done))->start();
}

}  // namespace synod::journal_format
