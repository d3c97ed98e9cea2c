// key=value words of the story language.
#pragma once

#include <string>
#include <vector>

#include "traces/harness/actor.hpp"

namespace synod::traces {

// "100ms", "2s", "50us"; a bare number is milliseconds.
[[nodiscard]] Duration duration_of(std::string text);
[[nodiscard]] std::vector<std::string> words_of(const std::string& line);
// The value of `key` among key=value words, or `otherwise`.
[[nodiscard]] std::string value_of(const std::vector<std::string>& words, const std::string& key,
                                   const std::string& otherwise = {});
// The cluster and the settings that `nodes A B C key=value …` asks for.
[[nodiscard]] Casting casting_of(const std::vector<std::string>& words, std::string& letters);
// A->B, A->*, *->B and an optional kind.
[[nodiscard]] bool selection_of(const std::vector<std::string>& words, struct Selection& selection);

}  // namespace synod::traces
