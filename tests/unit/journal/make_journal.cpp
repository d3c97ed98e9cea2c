// Writes a journal of two batches: make_journal DIR.
#include <cstdio>

#include <synod/journal.hpp>

#include "../journal/posix_support.hpp"

using namespace synod;

int main(int count, char** arguments) {
  if (count != 2) return 2;
  testing::PostedWork work;
  PosixFileSystem files(arguments[1], work.poster());
  Journal journal(files, {.cluster = ClusterId(7), .node = NodeId(1), .segment_bytes = 4096});
  const Incarnation memory(0xbeef);
  const WriteBatch first{{IdentityRecord{memory}}, false, RoundNum(0)};
  const WriteBatch second{{PromiseRecord{{4, NodeId(1), memory}}}, false, RoundNum(0)};
  int written = 0;
  bool failed = false;
  const auto written_one = [&](const absl::Status& status) {
    failed = failed || !status.ok();
    ++written;
  };
  journal.load([&](const absl::StatusOr<Loaded>& loaded) {
    failed = !loaded.ok();
    (void)journal.write(first, [&](const absl::Status& status) {
      written_one(status);
      (void)journal.write(second, written_one);
    });
  });
  work.run_until([&] { return failed || written == 2; });
  return failed ? 1 : 0;
}
