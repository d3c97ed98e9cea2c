#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include <synod/check.hpp>

namespace synod {
namespace {

void throw_report(std::string_view report) { throw std::runtime_error(std::string(report)); }

TEST(Check, PassesWhereTheConditionHoldsAndAsksForNoExplanation) {
  bool asked = false;
  const auto explain = [&asked] {
    asked = true;
    return "unused";
  };
  SYNOD_CHECK(1 + 1 == 2, explain());
  EXPECT_FALSE(asked);
}

TEST(Check, TellsTheHandlerWhatFailedWhereAndWhy) {
  const CheckFailureHandler before = set_check_failure_handler(throw_report);
  std::string report;
  try {
    SYNOD_CHECK(1 + 1 == 3, "arithmetic is broken");
  } catch (const std::runtime_error& error) {
    report = error.what();
  }
  EXPECT_EQ(set_check_failure_handler(before), throw_report);
  EXPECT_NE(report.find("arithmetic is broken"), std::string::npos) << report;
  EXPECT_NE(report.find("1 + 1 == 3"), std::string::npos) << report;
  EXPECT_NE(report.find("check_test.cpp:"), std::string::npos) << report;
}

TEST(CheckDeathTest, AbortsByDefault) {
  EXPECT_DEATH(SYNOD_CHECK(false, "the end"), "broken invariant: the end");
}

}  // namespace
}  // namespace synod
