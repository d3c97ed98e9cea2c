// A cluster of three processes on this machine, beside what the machine can do by itself, in one
// run and in turns. bench/README.md says how to run it and how to read what it prints.
#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cluster/report.hpp"
#include "cluster/systems.hpp"

namespace synod::bench {
namespace {

// Something else kept this part of a processor busy: the window says nothing.
constexpr double kForeignMax = 0.25;

struct Options {
  std::vector<std::uint32_t> outstanding = {1, 8, 64, 512};
  int repeats = 3;
  double seconds = 1.0;
  double warm = 0.5;
  std::string directory;  // Where journals go; empty: the system's for temporary files.
  std::string only;       // The one system to run; empty: all.
  int tries = 4;          // Of a window that something else disturbs.
  bool pinned = true;
  double stopped_follower = 0;  // Seconds; 0: the usual benchmark.
};

[[noreturn]] void usage() {
  std::fprintf(stderr,
               "usage: synod-bench-cluster [--outstanding 1,8,64,512] [--repeats 3] [--seconds 1]\n"
               "         [--warm 0.5] [--directory DIR] [--only NAME] [--no-pinned]\n"
               "         [--tries 4] [--stopped-follower SECONDS]\n"
               "NAME: echo, fan-out, syncs, memory or journal\n");
  std::exit(2);
}

double number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) usage();
  return value;
}

std::vector<std::uint32_t> numbers_of(std::string_view text) {
  std::vector<std::uint32_t> values;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    values.push_back(static_cast<std::uint32_t>(number_of(text.substr(0, comma))));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return values;
}

Options parse(const std::vector<std::string_view>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--no-pinned") {
      options.pinned = false;
      continue;
    }
    if (i + 1 == words.size()) usage();
    const std::string_view name = words[i];
    const std::string_view value = words[++i];
    if (name == "--outstanding") {
      options.outstanding = numbers_of(value);
    } else if (name == "--repeats") {
      options.repeats = static_cast<int>(number_of(value));
    } else if (name == "--seconds") {
      options.seconds = number_of(value);
    } else if (name == "--warm") {
      options.warm = number_of(value);
    } else if (name == "--tries") {
      options.tries = static_cast<int>(number_of(value));
    } else if (name == "--directory") {
      options.directory = value;
    } else if (name == "--only") {
      options.only = value;
    } else if (name == "--stopped-follower") {
      options.stopped_follower = number_of(value);
    } else {
      usage();
    }
  }
  return options;
}

class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string& below) {
    const std::filesystem::path parent =
        below.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(below);
    std::string pattern = parent / "synod-bench-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
      std::perror(pattern.c_str());
      std::exit(1);
    }
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] std::string part(const char* name) const {
    std::filesystem::create_directory(path_ / name);
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

struct Contender {
  System system;
  std::vector<std::uint32_t> outstanding;
};

// Pinned ones run at one outstanding alone: with more, waking is not what is measured.
std::vector<Contender> make_contenders(const Options& options,
                                       const TemporaryDirectory& directory) {
  std::vector<Contender> contenders;
  const auto wanted = [&](const char* name) {
    return options.only.empty() || options.only == name;
  };
  const int any = Process::kAnyCpu;
  if (wanted("echo")) contenders.push_back({make_echo(any, ""), options.outstanding});
  if (wanted("fan-out")) contenders.push_back({make_fan_out(any, ""), options.outstanding});
  if (wanted("memory")) contenders.push_back({make_cluster(any, "", ""), options.outstanding});
  if (wanted("syncs")) contenders.push_back({make_syncs(directory.part("syncs"), ""), {1}});
  if (wanted("journal")) {
    contenders.push_back({make_cluster(any, directory.part("free"), ""), options.outstanding});
  }
  if (!options.pinned) return contenders;
  const std::string pinned = ", pinned";
  if (wanted("echo")) contenders.push_back({make_echo(0, pinned), {1}});
  if (wanted("fan-out")) contenders.push_back({make_fan_out(0, pinned), {1}});
  if (wanted("memory")) contenders.push_back({make_cluster(0, "", pinned), {1}});
  if (wanted("journal")) {
    contenders.push_back({make_cluster(0, directory.part("pinned"), pinned), {1}});
  }
  return contenders;
}

void measure_one(const Options& options, const System& system, const System::Driver& driver,
                 std::uint32_t outstanding, Report& report) {
  for (int tries = 1;; ++tries) {
    const Window window = system.measure(driver, outstanding, options.warm, options.seconds);
    const bool alone = window.foreign <= kForeignMax;
    if (!alone) {
      std::fprintf(stderr, "%s, %u outstanding: %.2f processors were busy with something else%s\n",
                   driver.name.c_str(), outstanding, window.foreign,
                   tries < options.tries ? ", once more" : ", DISTURBED");
    }
    if (alone || tries >= options.tries) return report.add(driver.name, outstanding, window);
  }
}

// One round of everything: the sides of a comparison take turns.
void measure_all(const Options& options, const std::vector<Contender>& contenders, Report& report) {
  std::vector<std::uint32_t> steps = options.outstanding;
  if (std::find(steps.begin(), steps.end(), 1u) == steps.end()) steps.insert(steps.begin(), 1u);
  for (const std::uint32_t step : steps) {
    for (const Contender& contender : contenders) {
      const auto& own = contender.outstanding;
      if (std::find(own.begin(), own.end(), step) == own.end()) continue;
      for (const System::Driver& driver : contender.system.drivers()) {
        measure_one(options, contender.system, driver, step, report);
      }
    }
  }
}

int run_benchmark(const Options& options) {
  const TemporaryDirectory directory(options.directory);
  const std::vector<Contender> contenders = make_contenders(options, directory);
  if (contenders.empty()) usage();
  Report report;
  for (int i = 0; i < options.repeats; ++i) {
    measure_all(options, contenders, report);
    std::fprintf(stderr, "repetition %d of %d is done\n", i + 1, options.repeats);
  }
  report.print_table();
  report.print_aims();
  return 0;
}

// --- A follower that is stopped at full load -----------------------------------------------------

void print_memory(const char* phase, double second, const System& cluster, double rate) {
  constexpr double kMebibyte = 1 << 20;
  const auto mebibytes = [&](std::size_t index) {
    return static_cast<double>(cluster.process(index).resident_bytes()) / kMebibyte;
  };
  std::printf("%-8s %6.0f %12.1f %12.1f %12.1f %12.0f\n", phase, second, mebibytes(0), mebibytes(1),
              mebibytes(2), rate);
  std::fflush(stdout);
}

void watch(const char* phase, double seconds, const System& cluster) {
  const double step = std::max(1.0, seconds / 12);
  for (double second = 0; second < seconds; second += step) {
    const Sample begin = cluster.process(0).sample();
    std::this_thread::sleep_for(std::chrono::duration<double>(step));
    const Sample end = cluster.process(0).sample();
    const auto entries = static_cast<double>(end.completed - begin.completed);
    print_memory(phase, second + step, cluster,
                 entries * 1e9 / static_cast<double>(end.at - begin.at));
  }
}

int run_stopped_follower(const Options& options) {
  const TemporaryDirectory directory(options.directory);
  const bool durable = options.only == "journal";
  const System cluster = make_cluster(Process::kAnyCpu, durable ? directory.part("free") : "", "");
  const std::uint32_t outstanding = options.outstanding.back();
  std::printf("%-8s %6s %12s %12s %12s %12s\n", "phase", "s", "leader MiB", "node 2 MiB",
              "node 3 MiB", "entries/s");
  cluster.load(cluster.drivers()[0], outstanding);
  watch("before", 20, cluster);
  kill(cluster.process(2).id(), SIGSTOP);
  watch("stopped", options.stopped_follower, cluster);
  kill(cluster.process(2).id(), SIGCONT);
  watch("after", 30, cluster);
  cluster.load(cluster.drivers()[0], 0);
  watch("idle", 3, cluster);
  // The allocator keeps what the full queues were made of: what is left now is what is used.
  for (std::size_t i = 0; i < 3; ++i) cluster.process(i).trim();
  watch("trimmed", 3, cluster);
  return 0;
}

}  // namespace
}  // namespace synod::bench

int main(int count, char** words) {
  const auto options = synod::bench::parse({words + 1, words + count});
  return options.stopped_follower > 0 ? synod::bench::run_stopped_follower(options)
                                      : synod::bench::run_benchmark(options);
}
