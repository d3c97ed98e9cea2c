#include "simulation/diagram/json.hpp"

#include <cstdio>

namespace synod::simulation {
namespace {

constexpr std::string_view kReplacement = "\\ufffd";

// How long the UTF-8 sequence at the beginning of `text` is; 0: it is none.
std::size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  const auto second = length > 2 ? static_cast<unsigned char>(text[1]) : 0;
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool surrogate = lead == 0xed && second >= 0xa0;
  const bool beyond = lead == 0xf4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

bool is_escaped(char character) {
  return static_cast<unsigned char>(character) < 0x20 || character == '"' || character == '\\' ||
         character == '<' || character == '>' || character == '&' || character == 0x7f;
}

void append_code(std::string& json, unsigned code) {
  char escaped[8];
  std::snprintf(escaped, sizeof(escaped), "\\u%04x", code);
  json += escaped;
}

}  // namespace

void append_json(std::string& json, std::string_view text) {
  json += '"';
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      json += kReplacement;
    } else if (length == 1 && is_escaped(text[0])) {
      append_code(json, static_cast<unsigned char>(text[0]));
    } else {
      json += text.substr(0, length);
    }
    text = text.substr(length == 0 ? 1 : length);
  }
  json += '"';
}

std::uint64_t StringTable::index_of(std::string_view text) {
  const auto found = indexes_.find(text);
  if (found != indexes_.end()) return found->second;
  const std::uint64_t index = strings_.size();
  strings_.emplace_back(text);
  indexes_.emplace(strings_.back(), index);
  return index;
}

}  // namespace synod::simulation
