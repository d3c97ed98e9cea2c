#include "lines.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <variant>
#include <vector>

namespace calculator {
namespace {

using synod::Duration;
using synod::RoundNum;

Calculation calculation(std::string_view line) {
  const Request request = parse_request(line);
  const auto* found = std::get_if<Calculation>(&request);
  EXPECT_NE(found, nullptr) << line;
  return found == nullptr ? Calculation{} : *found;
}

TEST(ParseRequest, ReadsEachOperationByNameAndBySign) {
  const std::vector<std::pair<std::string, OperationKind>> words = {
      {"add", OperationKind::kAdd}, {"+", OperationKind::kAdd}, {"sub", OperationKind::kSub},
      {"-", OperationKind::kSub},   {"mul", OperationKind::kMul}, {"*", OperationKind::kMul},
      {"div", OperationKind::kDiv}, {"/", OperationKind::kDiv}};
  for (const auto& [word, kind] : words) {
    EXPECT_EQ(calculation(word + " 2.5").kind, kind) << word;
    EXPECT_EQ(calculation(word + " 2.5").operand, 2.5) << word;
  }
}

TEST(ParseRequest, ReadsOperands) {
  EXPECT_EQ(calculation("add -5").operand, -5);
  EXPECT_EQ(calculation("add +5").operand, 5);
  EXPECT_EQ(calculation(" \t add   1e3\t").operand, 1000);
  EXPECT_TRUE(std::isinf(calculation("add inf").operand));
  EXPECT_TRUE(std::isnan(calculation("add nan").operand));
}

TEST(ParseRequest, ReadsOptions) {
  const Calculation plain = calculation("add 5");
  EXPECT_FALSE(plain.id.has_value());
  EXPECT_EQ(plain.before, RoundNum::max());
  EXPECT_EQ(plain.within, Duration::zero());
  const Calculation full = calculation(
      "add 5 within=500ms before=17 id=00000000-0000-0001-0000-000000000002");
  EXPECT_EQ(full.id, (synod::EntryId{1, 2}));
  EXPECT_EQ(full.before, RoundNum(17));
  EXPECT_EQ(full.within, std::chrono::milliseconds(500));
}

TEST(ParseRequest, ReadsTheOthers) {
  EXPECT_FALSE(std::get<Value>(parse_request("value")).stale);
  EXPECT_TRUE(std::get<Value>(parse_request("value stale")).stale);
  EXPECT_EQ(std::get<Value>(parse_request("value within=2s")).within, std::chrono::seconds(2));
  EXPECT_TRUE(std::holds_alternative<Status>(parse_request("status")));
  EXPECT_TRUE(std::holds_alternative<Snapshot>(parse_request("snapshot")));
  EXPECT_TRUE(std::holds_alternative<Help>(parse_request("help")));
}

TEST(ParseRequest, UnderstandsNothingElse) {
  const std::vector<std::string> lines = {
      "", "   ", "add", "add x", "add 5x", "add 5 6", "add ++5", "add +-5", "add 1e999", "ad 5",
      "ADD 5", "add 5 id=", "add 5 id=xyz", "add 5 id=00000000-0000-0000-0000-000000000000",
      "add 5 before=", "add 5 before=-1", "add 5 before=99999999999999999999", "add 5 within=5",
      "add 5 within=0s", "add 5 within=ms", "add 5 color=red", "value fresh", "value id=1",
      "status now", "help me", "add 5 within=1s within=1s within=1s within=1s within=1s within=1s "
      "within=1s", std::string("\0\xff\xfe", 3), std::string("add\0 5", 6)};
  for (const std::string& line : lines) {
    const Request request = parse_request(line);
    ASSERT_TRUE(std::holds_alternative<NotUnderstood>(request)) << line;
    EXPECT_FALSE(std::get<NotUnderstood>(request).reason.empty());
  }
}

TEST(ToLine, ReadsBackAsTheSame) {
  Calculation asked;
  asked.kind = OperationKind::kDiv;
  asked.operand = -0.1;
  asked.id = synod::EntryId{0x0123456789abcdef, 42};
  asked.before = RoundNum(99);
  asked.within = Duration(1234567);
  const Calculation read = calculation(to_line(asked));
  EXPECT_EQ(read.kind, asked.kind);
  EXPECT_EQ(read.operand, asked.operand);
  EXPECT_EQ(read.id, asked.id);
  EXPECT_EQ(read.before, asked.before);
  EXPECT_EQ(read.within, asked.within);
}

TEST(ParseDuration, NeedsANumberAndAUnit) {
  EXPECT_EQ(parse_duration("20us"), Duration(20));
  EXPECT_EQ(parse_duration("5s"), std::chrono::seconds(5));
  EXPECT_EQ(parse_duration("2m"), std::chrono::minutes(2));
  for (const char* text : {"", "5", "s", "-5s", "5h", "5 s", "0s", "99999999999999s", "2000m"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

// All lines that come out when `text` is added in pieces of `size`; "!" is one that was too long.
std::vector<std::string> lines_of(const std::string& text, std::size_t size) {
  LineBuffer buffer(8);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size(); at += size) {
    buffer.add(std::string_view(text).substr(at, size));
    while (const auto line = buffer.next()) lines.push_back(line->too_long ? "!" : line->text);
  }
  if (const auto line = buffer.rest()) lines.push_back(line->too_long ? "rest!" : line->text);
  return lines;
}

TEST(LineBuffer, CutsTheSameLinesHoweverTheyArrive) {
  const std::string text = "one\r\n\ntwo\n0123456789 far too long\n12345678\nfour\nrest";
  const std::vector<std::string> expected = {"one", "", "two", "!", "12345678", "four", "rest"};
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EXPECT_EQ(lines_of(text, size), expected) << size;
  }
}

TEST(LineBuffer, KeepsNothingOfALineThatDoesNotEnd) {
  EXPECT_EQ(lines_of(std::string(1000, 'x'), 5), (std::vector<std::string>{"rest!"}));
  EXPECT_EQ(lines_of(std::string(1000, 'x') + "\nadd 1\n", 7),
            (std::vector<std::string>{"!", "add 1"}));
}

TEST(LineBuffer, HasNothingLeftAfterAWholeLine) {
  EXPECT_EQ(lines_of("one\n", 2), (std::vector<std::string>{"one"}));
}

}  // namespace
}  // namespace calculator
