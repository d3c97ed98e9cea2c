#include "journal/steps.hpp"

#include <memory>
#include <utility>

namespace synod::journal_format {
namespace {

struct Run {
  std::vector<Step> steps;
  FileSystem::Done done;
  std::size_t next = 0;
};

void go_on(std::shared_ptr<Run> run, const absl::Status& status) {
  if (!status.ok() || run->next == run->steps.size()) return run->done(status);
  Step& step = run->steps[run->next++];
  step([run = std::move(run)](const absl::Status& result) mutable { go_on(std::move(run), result); });
}

}  // namespace

void run_in_turn(std::vector<Step> steps, FileSystem::Done done) {
  go_on(std::make_shared<Run>(Run{std::move(steps), std::move(done)}), absl::OkStatus());
}

}  // namespace synod::journal_format
