#include <synod/check.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace synod {
namespace {

void write_to_standard_error(std::string_view report) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(report.size()), report.data());
  std::fflush(stderr);
}

CheckFailureHandler current_handler = write_to_standard_error;

}  // namespace

CheckFailureHandler set_check_failure_handler(CheckFailureHandler handler) {
  const CheckFailureHandler before = current_handler;
  current_handler = handler != nullptr ? handler : write_to_standard_error;
  return before;
}

void check_failed(const char* expression, std::string_view explanation, const char* file,
                  int line) {
  std::string report = "synod: broken invariant: ";
  report += explanation;
  report += " [";
  report += expression;
  report += "] at ";
  report += file;
  report += ":";
  report += std::to_string(line);
  current_handler(report);
  std::abort();
}

}  // namespace synod
