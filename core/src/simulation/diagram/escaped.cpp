#include "simulation/diagram/page.hpp"

namespace synod::simulation::page {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    if (character == '<') {
      result += "&lt;";
    } else if (character == '&') {
      result += "&amp;";
    } else {
      result += character;
    }
  }
  return result;
}

}  // namespace synod::simulation::page
