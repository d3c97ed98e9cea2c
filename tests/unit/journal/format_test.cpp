// The worked example of docs/formats/journal.md, byte by byte.
#include "journal/format.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "unit/journal/support.hpp"

namespace synod::testing {
namespace {

// The lines between ```hex and ```, without offsets and remarks: `0000  53 59 …  remark`.
Bytes documented(std::string_view block) {
  std::ifstream file(SYNOD_SOURCE_DIR "/docs/formats/journal.md");
  EXPECT_TRUE(file.good());
  Bytes bytes;
  bool inside = false;
  bool wanted = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = !inside && line == "```hex";
      continue;
    }
    if (!inside) wanted = line == "**" + std::string(block) + "**" || (wanted && line.empty());
    if (!inside || !wanted) continue;
    std::istringstream words(line.substr(0, line.find('|')));
    std::string word;
    words >> word;
    while (words >> word) bytes.push_back(static_cast<std::byte>(std::stoi(word, nullptr, 16)));
  }
  return bytes;
}

std::string hex(std::span<const std::byte> bytes) {
  std::ostringstream out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    char text[8];
    std::snprintf(text, sizeof(text), "%02x%s", static_cast<unsigned>(bytes[i]),
                  i % 16 == 15 ? "\n" : " ");
    out << text;
  }
  return out.str();
}

TEST(JournalFormat, IsAsDocumented) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of({IdentityRecord{kMemory}, promise(5)})).ok());
  ASSERT_TRUE(node.write(batch_of({CommitMarkRecord{RoundNum(2)}})).ok());
  ASSERT_TRUE(node.save(snapshot(2, 3)).ok());
  node.close();
  const auto file = [&](const std::string& name, std::size_t size) {
    return std::span(*node.disk.content(name)).first(size);
  };
  EXPECT_EQ(hex(file(segment(1), 296)), hex(documented("segment-0000000000000001")));
  EXPECT_EQ(hex(file("mark", 64)), hex(documented("mark, first slot")));
  EXPECT_EQ(hex(file("snapshot-0000000000000002", 67)),
            hex(documented("snapshot-0000000000000002")));
}

TEST(JournalFormat, Names) {
  EXPECT_EQ(journal_format::segment_name(0xab), "segment-00000000000000ab");
  EXPECT_EQ(journal_format::segment_sequence("segment-00000000000000ab"), 0xab);
  EXPECT_EQ(journal_format::segment_sequence("segment-00000000000000AB"), std::nullopt);
  EXPECT_EQ(journal_format::segment_sequence("segment-ab"), std::nullopt);
  EXPECT_EQ(journal_format::segment_sequence("snapshot-00000000000000ab"), std::nullopt);
  EXPECT_EQ(journal_format::snapshot_round("snapshot-00000000000000ab"), RoundNum(0xab));
  EXPECT_EQ(journal_format::snapshot_round("snapshot-00000000000000ab.new"), std::nullopt);
}

TEST(JournalFormat, AFlippedBitInAHeaderIsSeen) {
  Bytes bytes(journal_format::kSegmentHeaderBytes);
  const journal_format::SegmentHeader written = {{kCluster, kNode}, kMemory, 1, 2, 3, {4, 5}};
  journal_format::put(written, bytes);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    Bytes flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    journal_format::SegmentHeader header;
    EXPECT_EQ(journal_format::get(flipped, header), journal_format::HeaderKind::kBad) << bit;
  }
}

}  // namespace
}  // namespace synod::testing
