#include "lines.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

namespace calculator {
namespace {

// More words than any request has.
constexpr std::size_t kWordsMax = 8;
constexpr std::uint64_t kDurationMax = 86'400'000'000;  // A day, in microseconds.

struct Verb {
  std::string_view word;
  OperationKind kind;
};
constexpr std::array<Verb, 8> kOperations{{{"add", OperationKind::kAdd},
                                           {"sub", OperationKind::kSub},
                                           {"mul", OperationKind::kMul},
                                           {"div", OperationKind::kDiv},
                                           {"+", OperationKind::kAdd},
                                           {"-", OperationKind::kSub},
                                           {"*", OperationKind::kMul},
                                           {"/", OperationKind::kDiv}}};

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  constexpr std::string_view kBlanks = " \t";
  std::size_t begin = line.find_first_not_of(kBlanks);
  while (begin != std::string_view::npos && words.size() <= kWordsMax) {
    const std::size_t end = line.find_first_of(kBlanks, begin);
    words.push_back(line.substr(begin, end - begin));
    begin = end == std::string_view::npos ? end : line.find_first_not_of(kBlanks, end);
  }
  return words;
}

std::optional<OperationKind> operation_of(std::string_view word) {
  for (const Verb& verb : kOperations) {
    if (verb.word == word) return verb.kind;
  }
  return std::nullopt;
}

// Empty where it went well, else what is wrong.
std::string read_operand(std::string_view text, double& operand) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), operand);
  if (read.ptr != text.data() + text.size() || read.ec == std::errc::invalid_argument) {
    return "the operand is not a number";
  }
  return read.ec == std::errc() ? std::string() : "the operand is out of the range of a double";
}

// Reads `word`, an option of `calculation`.
std::string read_option(std::string_view word, Calculation& calculation) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const std::string_view text = equals == std::string_view::npos ? "" : word.substr(equals + 1);
  if (name == "id") {
    synod::EntryId id;
    if (!synod::parse_entry_id(text, id) || id.is_nil()) return "id= needs a UUID";
    calculation.id = id;
    return {};
  }
  if (name == "before") {
    const std::optional<std::uint64_t> round = parse_number(text);
    if (!round.has_value()) return "before= needs the number of a round";
    calculation.before = synod::RoundNum(*round);
    return {};
  }
  if (name == "within") {
    const std::optional<synod::Duration> within = parse_duration(text);
    if (!within.has_value()) return "within= needs a time like 500ms or 5s";
    calculation.within = *within;
    return {};
  }
  return "the options are id=, before= and within=";
}

Request parse_calculation(OperationKind kind, const std::vector<std::string_view>& words) {
  Calculation calculation;
  calculation.kind = kind;
  if (words.size() < 2) return NotUnderstood{"the operand is missing"};
  std::string wrong = read_operand(words[1], calculation.operand);
  for (std::size_t at = 2; at < words.size() && wrong.empty(); ++at) {
    wrong = read_option(words[at], calculation);
  }
  if (!wrong.empty()) return NotUnderstood{std::move(wrong)};
  return calculation;
}

Request parse_value(const std::vector<std::string_view>& words) {
  Value value;
  for (std::size_t at = 1; at < words.size(); ++at) {
    Calculation options;
    if (words[at] == "stale") {
      value.stale = true;
    } else if (words[at].starts_with("within=") && read_option(words[at], options).empty()) {
      value.within = options.within;
    } else {
      return NotUnderstood{"value may be followed by stale and within=500ms"};
    }
  }
  return value;
}

}  // namespace

std::string_view to_string(OperationKind kind) {
  return kOperations[static_cast<std::size_t>(kind) % 4].word;
}

std::string_view help_line() {
  return "help add X, sub X, mul X, div X (or + - * /) with id=UUID before=ROUND within=500ms; "
         "value [stale] [within=500ms]; status; snapshot; help";
}

bool is_verb(std::string_view word) {
  return operation_of(word).has_value() || word == "value" || word == "status" ||
         word == "snapshot" || word == "help";
}

Request parse_request(std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  if (words.empty()) return NotUnderstood{"the line is empty"};
  if (words.size() > kWordsMax) return NotUnderstood{"there are too many words"};
  if (const std::optional<OperationKind> kind = operation_of(words[0])) {
    return parse_calculation(*kind, words);
  }
  if (words[0] == "value") return parse_value(words);
  if (!is_verb(words[0])) return NotUnderstood{"no such request; try help"};
  if (words.size() > 1) return NotUnderstood{"nothing may follow that word"};
  if (words[0] == "status") return Status{};
  if (words[0] == "snapshot") return Snapshot{};
  return Help{};
}

std::string to_line(const Calculation& calculation) {
  std::string line(to_string(calculation.kind));
  line += ' ' + to_text(calculation.operand);
  if (calculation.id.has_value()) line += " id=" + synod::to_string(*calculation.id);
  if (calculation.before != synod::RoundNum::max()) {
    line += " before=" + synod::to_string(calculation.before);
  }
  if (calculation.within > synod::Duration::zero()) {
    line += " within=" + std::to_string(calculation.within.count()) + "us";
  }
  return line;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<synod::Duration> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t microseconds;
  };
  constexpr std::array<Unit, 4> kUnits{{{"us", 1}, {"ms", 1'000}, {"s", 1'000'000},
                                        {"m", 60'000'000}}};
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint64_t> count = parse_number(text.substr(0, digits));
  for (const Unit& unit : kUnits) {
    if (text.substr(digits) != unit.name) continue;
    if (!count.has_value() || *count == 0 || *count > kDurationMax / unit.microseconds) break;
    return synod::Duration(static_cast<std::int64_t>(*count * unit.microseconds));
  }
  return std::nullopt;
}

void LineBuffer::add(std::string_view bytes) {
  waiting_.erase(0, begin_);
  begin_ = 0;
  if (too_long_) {  // Keeps nothing but the end of the line, when it comes.
    const std::size_t end = bytes.find('\n');
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end);
  }
  waiting_ += bytes;
  if (waiting_.size() > line_bytes_max_ && waiting_.find('\n') == std::string::npos) {
    too_long_ = true;
    waiting_.clear();
  }
}

std::optional<LineBuffer::Line> LineBuffer::next() {
  const std::size_t end = waiting_.find('\n', begin_);
  if (end == std::string::npos) return std::nullopt;
  Line line = cut(end - begin_);
  ++begin_;
  return line;
}

std::optional<LineBuffer::Line> LineBuffer::rest() {
  if (begin_ == waiting_.size() && !too_long_) return std::nullopt;
  return cut(waiting_.size() - begin_);
}

LineBuffer::Line LineBuffer::cut(std::size_t length) {
  Line line{waiting_.substr(begin_, length), std::exchange(too_long_, false)};
  begin_ += length;
  if (line.text.ends_with('\r')) line.text.pop_back();
  line.too_long = line.too_long || line.text.size() > line_bytes_max_;
  if (line.too_long) line.text.clear();
  return line;
}

}  // namespace calculator
