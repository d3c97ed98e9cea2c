// Plays every story of this folder. With --rewrite the expected lines are written anew: then read
// the difference, line by line. With --html FOLDER each story is drawn there as well.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <synod/check.hpp>

#include "base/mutants.hpp"
#include "traces/harness/story.hpp"

namespace synod::traces {
namespace {

namespace fs = std::filesystem;

bool g_rewrite = false;
fs::path g_drawings;

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
  if (!g_drawings.empty()) {
    const std::string name = GetParam().stem().string();
    std::ofstream(g_drawings / (name + ".html")) << draw(name, story);
  }
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

// With --mutant NAME nothing is compared: the first story in which an invariant breaks, or which
// does not come to what it expects, has killed it. Exit status: 1 it is dead, 0 it lives, 2 there
// is none.
namespace synod::traces {
namespace {

std::string g_story;

void on_check_failure(std::string_view report) {
  std::printf("%s: %.*s\n", g_story.c_str(), static_cast<int>(report.size()), report.data());
  std::fflush(stdout);
  std::_Exit(1);
}

int play_mutant(const char* name, const std::vector<std::string>& chosen) {
  if (!choose_mutant(name)) return 2;
  set_check_failure_handler(on_check_failure);
  for (const fs::path& path : all_stories()) {
    g_story = path.stem().string();
    const bool wanted =
        chosen.empty() || std::find(chosen.begin(), chosen.end(), g_story) != chosen.end();
    if (!wanted) continue;
    const Played played = play(parse(content_of(path)));
    if (played.failures.empty()) continue;
    std::printf("%s: %s\n", g_story.c_str(), played.failures.front().c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace synod::traces

int main(int count, char** words) {
  if (count > 2 && std::strcmp(words[1], "--mutant") == 0) {
    return synod::traces::play_mutant(words[2], {words + 3, words + count});
  }
  testing::InitGoogleTest(&count, words);
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(words[i], "--rewrite") == 0) synod::traces::g_rewrite = true;
    if (std::strcmp(words[i], "--html") == 0 && i + 1 < count) {
      synod::traces::g_drawings = words[i + 1];
      synod::traces::fs::create_directories(synod::traces::g_drawings);
    }
  }
  return RUN_ALL_TESTS();
}
