#include "journal/copies.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "journal/steps.hpp"

namespace synod::journal_format {

void find_copies(FileSystem& files, const std::map<std::string, FileIdentity>& written,
                 absl::AnyInvocable<void(absl::StatusOr<std::vector<CopiedFile>>)> done) {
  auto copied = std::make_shared<std::vector<CopiedFile>>();
  std::vector<Step> steps;
  for (const auto& [name, identity] : written) {
    steps.push_back([&files, name, identity, copied](FileSystem::Done next) {
      files.identify(name, [name, identity, copied, next = std::move(next)](
                               const absl::StatusOr<FileIdentity>& found) mutable {
        if (!found.ok()) return next(found.status());
        if (*found != identity) copied->push_back({name, identity, *found});
        next(absl::OkStatus());
      });
    });
  }
  run_in_turn(std::move(steps),
              [copied, done = std::move(done)](const absl::Status& status) mutable {
                if (!status.ok()) return done(status);
                done(std::move(*copied));
              });
}

std::vector<std::string> order_of_a_copy(const std::vector<std::string>& names) {
  std::vector<std::string> order;
  std::vector<std::string> segments;
  for (const std::string& name : names) {
    if (segment_sequence(name).has_value()) segments.push_back(name);
    if (snapshot_round(name).has_value()) order.push_back(name);
    if (name == kMarkName) order.insert(order.begin(), name);
  }
  std::ranges::sort(segments, std::ranges::greater());
  order.insert(order.end(), segments.begin(), segments.end());
  return order;
}

std::string explain_copy(const Owner& owner, const std::vector<CopiedFile>& copied) {
  const CopiedFile& first = copied.front();
  return "this directory is a copy of what " + describe(owner) + " wrote (" + first.name +
         " was written to the file with " + describe(first.written) + ", and is the one with " +
         describe(first.found) +
         "): it may be older than votes that this node cast since, so the node begins a new "
         "memory, "
         "which the others admit. If the directory was moved on purpose and is the latest, stop "
         "the node and see `synod-journal adopt`";
}

}  // namespace synod::journal_format
