// synod-journal inspect|verify DIR: prints a journal, and says whether it is whole. Reads only.
// synod-journal adopt DIR: whether it is a copy, and, where a person vouches for it, makes it none.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <synod/replica.hpp>

#include "journal/adoption.hpp"
#include "journal/scan.hpp"
#include "journal/tool/disk.hpp"

namespace {

using synod::Bytes;
using namespace synod::journal_format;

constexpr int kFine = 0;
constexpr int kNotWhole = 1;
constexpr int kUsage = 2;
constexpr int kCannotOpen = 3;

std::optional<Bytes> read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return std::nullopt;
  const auto bytes = std::as_bytes(std::span(text));
  return Bytes(bytes.begin(), bytes.end());
}

// Whose journal it is, as the first sound header of a file says.
Owner find_owner(const std::filesystem::path& directory, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto content = read(directory / name);
    const auto owner = content.has_value() ? owner_of(*content) : std::nullopt;
    if (owner.has_value()) return *owner;
  }
  return {};
}

void print(Scan& scan) {
  for (const ScannedBatch& batch : scan.batches()) {
    const BatchHeader& header = batch.header;
    std::printf("batch=%llu file=%s offset=%llu bytes=%u%s\n",
                static_cast<unsigned long long>(header.number),
                segment_name(header.segment).c_str(),
                static_cast<unsigned long long>(header.offset), header.body_bytes,
                header.checkpoint ? " checkpoint" : "");
    for (std::size_t i = batch.records_begin; i < batch.records_end; ++i) {
      std::printf("  %s\n", synod::describe(scan.records()[i]).c_str());
    }
  }
}

// Says what is wrong with the snapshots; true where one that the records need is not there.
bool snapshot_is_lost(const std::filesystem::path& directory, const Owner& owner,
                      const std::vector<std::string>& names, const Scan& scan, bool& torn) {
  bool lost = scan.checkpoint_round() > synod::RoundNum(0);
  for (const std::string& name : names) {
    const auto round = snapshot_round(name);
    if (!round.has_value()) continue;
    auto content = read(directory / name);
    const auto snapshot = content.has_value() ? read_snapshot(owner, *round, *std::move(content))
                                              : absl::DataLossError("cannot be read");
    if (snapshot.ok()) {
      std::printf("snapshot=%s round=%s bytes=%zu\n", name.c_str(), to_string(*round).c_str(),
                  (*snapshot)->bytes.size());
      if (*round >= scan.checkpoint_round()) lost = false;
      continue;
    }
    torn = true;
    std::printf("bad %s: %s\n", name.c_str(), std::string(snapshot.status().message()).c_str());
  }
  if (lost)
    std::printf("bad %s: needed, and not there\n", snapshot_name(scan.checkpoint_round()).c_str());
  return lost;
}

int examine(const std::filesystem::path& directory, bool inspect) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) {
    std::fprintf(stderr, "%s: %s\n", directory.c_str(), error.message().c_str());
    return kCannotOpen;
  }
  std::sort(names.begin(), names.end());
  const Owner owner = find_owner(directory, names);
  Scan scan(owner);
  if (const auto mark = read(directory / kMarkName)) scan.add_mark(*mark);
  for (const std::string& name : names) {
    const auto sequence = segment_sequence(name);
    if (!sequence.has_value()) continue;
    const auto content = read(directory / name);
    if (!content.has_value()) {
      std::fprintf(stderr, "%s: cannot be read\n", name.c_str());
      return kCannotOpen;
    }
    scan.add_segment(*sequence, *content);
  }
  if (!scan.status().ok()) {
    std::fprintf(stderr, "%s\n", std::string(scan.status().message()).c_str());
    return kCannotOpen;
  }
  std::printf("journal of %s, incarnation %s\n", synod::journal_format::describe(owner).c_str(),
              to_string(scan.incarnation()).c_str());
  if (inspect) print(scan);
  for (const Problem& problem : scan.problems()) {
    std::printf("bad %s offset=%llu: %s\n", problem.file.c_str(),
                static_cast<unsigned long long>(problem.offset), problem.what.c_str());
  }
  bool torn = !scan.problems().empty();
  const bool lost = snapshot_is_lost(directory, owner, names, scan, torn) || scan.damaged();
  std::printf("batches sound up to %llu, proven synced up to %llu\n",
              static_cast<unsigned long long>(scan.last()),
              static_cast<unsigned long long>(scan.synced()));
  std::printf("%s\n", lost   ? "damaged: something that was acknowledged may be lost"
                      : torn ? "torn: nothing that was acknowledged is lost; the next start cuts it"
                             : "whole");
  return lost || torn ? kNotWhole : kFine;
}

constexpr std::string_view kVouched = "--this-is-the-latest";

void print_what_is_vouched_for() {
  std::printf(
      "Nothing in a copy says whether its original went on. With %s you vouch for this:\n"
      "  The node did not run since the copy was made, and not while it was made: neither from "
      "the\n"
      "  original nor with an empty directory. Where a whole cluster comes from copies, no node of "
      "it\n"
      "  ran from the time when the first copy was begun until the last one was done.\n"
      "If it did, do not: the cluster may lose what it acknowledged, and its nodes may disagree. "
      "Start\n"
      "the node as it is instead; it begins a new memory and learns from the others.\n",
      std::string(kVouched).c_str());
}

int adopt(const std::string& directory, AdoptionMode mode) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    std::fprintf(stderr, "%s: no such directory\n", directory.c_str());
    return kCannotOpen;
  }
  Disk disk(directory);
  std::optional<absl::StatusOr<Adoption>> result;
  synod::journal_format::adopt(disk.files(), mode,
                               [&](absl::StatusOr<Adoption> done) { result = std::move(done); });
  disk.run_until([&] { return result.has_value(); });
  const absl::StatusOr<Adoption>& adoption = *result;
  if (!adoption.ok()) {
    std::fprintf(stderr, "%s\n", std::string(adoption.status().message()).c_str());
    return absl::IsDataLoss(adoption.status()) ? kNotWhole : kCannotOpen;
  }
  std::printf("journal of %s, incarnation %s, batches up to %llu: checked, whole\n",
              synod::journal_format::describe(adoption->owner).c_str(),
              to_string(adoption->incarnation).c_str(),
              static_cast<unsigned long long>(adoption->last_batch));
  for (const CopiedFile& file : adoption->copied) {
    std::printf("copy %s: was %s; is %s\n", file.name.c_str(),
                synod::journal_format::describe(file.written).c_str(),
                synod::journal_format::describe(file.found).c_str());
  }
  if (adoption->copied.empty()) {
    std::printf("no copy: there is nothing to adopt\n");
    return kFine;
  }
  if (adoption->brings_back) {
    std::printf("a start has set it aside; the memory that it began has never voted and goes\n");
  }
  if (mode == AdoptionMode::kAdopt) {
    std::printf("adopted: the next start goes on with it\n");
    return kFine;
  }
  print_what_is_vouched_for();
  return kNotWhole;
}

int usage() {
  std::fprintf(stderr,
               "usage: synod-journal inspect|verify DIR\n"
               "       synod-journal adopt DIR [%s]\n",
               std::string(kVouched).c_str());
  return kUsage;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  const bool adopts = !words.empty() && words[0] == "adopt";
  if (adopts && words.size() == 2) return adopt(words[1], AdoptionMode::kLook);
  if (adopts && words.size() == 3 && words[2] == kVouched) {
    return adopt(words[1], AdoptionMode::kAdopt);
  }
  if (words.size() != 2 || (words[0] != "inspect" && words[0] != "verify")) return usage();
  return examine(words[1], words[0] == "inspect");
}
