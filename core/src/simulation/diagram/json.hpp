// Writes values as JSON that may stand inside a <script> element.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace synod::simulation {

// A string literal with its quotes. Markup is escaped, and what is no UTF-8 becomes U+FFFD.
void append_json(std::string& json, std::string_view text);

// Each string once; a place in the list stands for it.
class StringTable {
 public:
  std::uint64_t index_of(std::string_view text);
  [[nodiscard]] const std::vector<std::string>& strings() const { return strings_; }

 private:
  std::map<std::string, std::uint64_t, std::less<>> indexes_;
  std::vector<std::string> strings_;
};

}  // namespace synod::simulation
