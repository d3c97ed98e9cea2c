// File: lines.hpp
//
// The language of the clients' port, which `nc` speaks too: one line asks, one line answers.
//
//   add X | sub X | mul X | div X (also + - * /)  [id=UUID] [before=ROUND] [within=500ms]
//   value [stale] [within=500ms]      status      snapshot      help
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <synod/types.hpp>

#include "calculator.hpp"

namespace calculator {

struct Calculation {
  OperationKind kind = OperationKind::kAdd;
  double operand = 0.0;                        // Perhaps not finite: the nodes refuse that.
  std::optional<synod::EntryId> id;            // None: nobody will repeat this.
  synod::RoundNum before = synod::RoundNum::max();  // The last round in which it may take effect.
  synod::Duration within = synod::Duration::zero();  // Zero: as long as the node likes.
};
struct Value {
  bool stale = false;
  synod::Duration within = synod::Duration::zero();
};
struct Status {};
struct Snapshot {};
struct Help {};
// The line was not understood; why, as a sentence that repeats nothing of it.
struct NotUnderstood {
  std::string reason;
};

using Request = std::variant<Calculation, Value, Status, Snapshot, Help, NotUnderstood>;

// Reads any bytes whatsoever.
[[nodiscard]] Request parse_request(std::string_view line);
// The word that asks for it.
[[nodiscard]] std::string_view to_string(OperationKind kind);
// Whether a request may begin with `word`.
[[nodiscard]] bool is_verb(std::string_view word);
// A line that parse_request() takes for the same, without the end of the line.
[[nodiscard]] std::string to_line(const Calculation& calculation);
// "500ms", "5s", "20us", "2m": positive, and a day at the most.
[[nodiscard]] std::optional<synod::Duration> parse_duration(std::string_view text);
// Decimal digits alone.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);
// What `help` answers.
[[nodiscard]] std::string_view help_line();

// Cuts what arrives into lines, in bounded memory: of a line that is too long nothing is kept.
class LineBuffer {
 public:
  struct Line {
    std::string text;  // Without its end, "\n" or "\r\n".
    bool too_long = false;
  };

  explicit LineBuffer(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  void add(std::string_view bytes);
  // The next complete line.
  [[nodiscard]] std::optional<Line> next();
  // At the end of the input: what is left without an end of line.
  [[nodiscard]] std::optional<Line> rest();

 private:
  [[nodiscard]] Line cut(std::size_t length);

  std::size_t line_bytes_max_;
  std::string waiting_;
  std::size_t begin_ = 0;   // Of the next line, in waiting_.
  bool too_long_ = false;   // The line under way has lost its beginning.
};

}  // namespace calculator
