#include "simulation/tool/report_text.hpp"

#include <charconv>

namespace synod::simulation::tool {
namespace {

// Numbers end with a blank; texts follow their length.
class Writer {
 public:
  void put(std::uint64_t number) { text_ += std::to_string(number) + " "; }
  void put(const std::string& text) {
    put(text.size());
    text_ += text;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  void get(std::uint64_t& number) {
    const char* const end = text_.data() + text_.size();
    const auto [stopped, error] = std::from_chars(text_.data(), end, number);
    whole_ = whole_ && error == std::errc() && stopped != end && *stopped == ' ';
    if (whole_) text_.remove_prefix(static_cast<std::size_t>(stopped - text_.data()) + 1);
  }
  void get(std::string& text) {
    std::uint64_t size = 0;
    get(size);
    whole_ = whole_ && size <= text_.size();
    if (!whole_) return;
    text = text_.substr(0, size);
    text_.remove_prefix(size);
  }
  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] bool at_end() const { return whole_ && text_.empty(); }

 private:
  std::string_view text_;
  bool whole_ = true;
};

// Both directions go through the same fields in the same order.
template <class Archive, class SomeReport>
void visit(Archive&& each, SomeReport& report) {
  each(report.seed);
  each(report.replay);
  each(report.faults);
  each(report.trace_hash);
  each(report.messages);
  each(report.rounds);
  each(report.chosen);
  each(report.appends);
  each(report.acknowledged);
  each(report.reads);
  each(report.mandates);
  each(report.checked.histories);
  each(report.checked.operations);
  each(report.damage.bytes);
  each(report.damage.detected);
  each(report.damage.repaired);
  each(report.core);
  each(report.unrecoverable);
  for (auto& count : report.struck) each(count);
  for (auto& count : report.probes.marks) each(count);
  for (auto& count : report.probes.fired) each(count);
}

}  // namespace

std::string encode(const Report& report) {
  Writer writer;
  visit([&](const auto& field) { writer.put(field); }, report);
  writer.put(static_cast<std::uint64_t>(report.simulated.count()));
  writer.put(report.strikes.size());
  for (const Strike& strike : report.strikes) {
    writer.put(strike.index);
    writer.put(static_cast<std::uint64_t>(strike.fault));
    writer.put(static_cast<std::uint64_t>(strike.at.microseconds()));
  }
  writer.put(report.violations.size());
  for (const std::string& violation : report.violations) writer.put(violation);
  return writer.take();
}

std::optional<Report> decode(std::string_view text) {
  Reader reader(text);
  Report report;
  visit([&](auto& field) { reader.get(field); }, report);
  std::uint64_t number = 0;
  reader.get(number);
  report.simulated = Duration(static_cast<std::int64_t>(number));
  std::uint64_t count = 0;
  reader.get(count);
  for (std::uint64_t i = 0; i < count && reader.whole(); ++i) {
    Strike& strike = report.strikes.emplace_back();
    reader.get(strike.index);
    reader.get(number);
    strike.fault = static_cast<Fault>(number);
    reader.get(number);
    strike.at = Timestamp(static_cast<std::int64_t>(number));
  }
  reader.get(count);
  for (std::uint64_t i = 0; i < count && reader.whole(); ++i) {
    reader.get(report.violations.emplace_back());
  }
  if (!reader.at_end()) return std::nullopt;
  return report;
}

}  // namespace synod::simulation::tool
