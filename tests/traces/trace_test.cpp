// Plays every story of this folder. With --rewrite the expected lines are written anew: then read
// the difference, line by line.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "traces/harness/story.hpp"

namespace synod::traces {
namespace {

namespace fs = std::filesystem;

bool g_rewrite = false;

std::vector<fs::path> all_stories() {
  std::vector<fs::path> paths;
  for (const auto& each : fs::directory_iterator(SYNOD_TRACES)) {
    if (each.path().extension() == ".trace") paths.push_back(each.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

class Trace : public testing::TestWithParam<fs::path> {};

TEST_P(Trace, GoesAsWritten) {
  const std::string text = content_of(GetParam());
  const Story story = parse(text);
  ASSERT_FALSE(story.blocks.empty());
  const Played played = play(story);
  for (const std::string& failure : played.failures) ADD_FAILURE() << failure;
  if (g_rewrite) {
    std::ofstream(GetParam()) << format(played.story);
    return;
  }
  for (std::size_t i = 0; i < story.blocks.size(); ++i) {
    EXPECT_EQ(played.story.blocks[i].expected, story.blocks[i].expected)
        << "after\n"
        << story.blocks[i].commands;
  }
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  return info.param.stem().string();
}

INSTANTIATE_TEST_SUITE_P(Stories, Trace, testing::ValuesIn(all_stories()), name_of);

}  // namespace
}  // namespace synod::traces

int main(int count, char** words) {
  testing::InitGoogleTest(&count, words);
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(words[i], "--rewrite") == 0) synod::traces::g_rewrite = true;
  }
  return RUN_ALL_TESTS();
}
