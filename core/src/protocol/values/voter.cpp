#include <synod/voter.hpp>

#include <algorithm>

namespace synod {

const VoteSection* find_section(const VoteSections& sections, std::string_view name) {
  const auto found =
      std::find_if(sections.begin(), sections.end(),
                   [name](const VoteSection& section) { return section.name == name; });
  return found != sections.end() ? &*found : nullptr;
}

}  // namespace synod
