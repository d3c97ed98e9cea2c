#include "answers.hpp"

#include <string_view>

#include <synod/status.hpp>

namespace calculator {
namespace {

// As one line of printable characters, whatever it was.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) line += c >= ' ' && c != '\x7f' ? c : ' ';
  return line;
}

// As one word, for key=value.
std::string one_word(std::string_view text) {
  std::string word = one_line(text);
  for (char& c : word) {
    if (c == ' ') c = '_';
  }
  return word.empty() ? "none" : word;
}

std::string reason_of(const absl::Status& status) {
  const std::optional<synod::AppendError> error = synod::append_error(status);
  if (!error.has_value()) {
    return one_line(std::string_view(status.message().data(), status.message().size()));
  }
  std::string reason(synod::to_string(error->kind));
  const bool says_all = error->kind == synod::AppendErrorKind::kExpired || error->detail.empty();
  return says_all ? reason : reason + ": " + one_line(error->detail);
}

std::string members_of(const synod::NodeStatus& status) {
  std::string members;
  if (status.cluster == nullptr) return "none";
  for (const synod::Member& member : status.cluster->members) {
    if (!members.empty()) members += ',';
    members += synod::to_string(member.id);
  }
  return members;
}

template <class T>
void add(std::string& line, std::string_view key, const T& text) {
  if (!line.empty()) line += ' ';
  line += key;
  line += '=';
  line += text;
}
void add(std::string& line, std::string_view key, std::uint64_t number) {
  add(line, key, std::to_string(number));
}

}  // namespace

std::string to_line(const Result& result) {
  if (result.refusal != Refusal::kNone) return "refused " + std::string(to_string(result.refusal));
  return "ok " + to_text(result.value) + " round=" + synod::to_string(result.round);
}

std::string to_line(const Reading& reading) {
  return "ok " + to_text(reading.value) + " round=" + synod::to_string(reading.round);
}

std::string failed_operation(const absl::Status& status) {
  const std::optional<synod::AppendError> error = synod::append_error(status);
  const bool no_effect = !error.has_value() || error->fate == synod::Fate::kDidNotHappen ||
                         error->fate == synod::Fate::kNever;
  if (no_effect) return "failed " + reason_of(status);
  const bool happened = error->fate == synod::Fate::kHappened;
  return happened ? "unknown happened: its result is not remembered" : "unknown " + reason_of(status);
}

std::string failed_request(const absl::Status& status) { return "failed " + reason_of(status); }

std::string participation_line(const synod::NodeStatus& status) {
  std::string line;
  add(line, "participation", synod::to_string(status.participation));
  add(line, "reason", synod::to_string(status.passive_reason));
  add(line, "further_losses", status.further_losses);
  add(line, "detail", one_word(status.participation_detail));
  return line;
}

std::string status_line(const synod::NodeStatus& status, std::optional<synod::NodeId> leader,
                        const std::optional<Reading>& reading) {
  std::string line;
  add(line, "id", synod::to_string(status.id));
  add(line, "status", synod::to_string(status.standing));
  line += ' ' + participation_line(status);
  add(line, "leader", leader.has_value() ? synod::to_string(*leader) : "none");
  add(line, "round", synod::to_string(status.applied));
  add(line, "coord", synod::to_string(status.promised));
  add(line, "mandate", synod::to_string(status.mandate));
  add(line, "members", members_of(status));
  add(line, "journal", status.storage_bytes);
  add(line, "value", reading.has_value() ? to_text(reading->value) : "none");
  add(line, "operations", reading.has_value() ? std::to_string(reading->operations) : "none");
  add(line, "incarnation", synod::to_string(status.incarnation));
  add(line, "durable_round", synod::to_string(status.durably_applied));
  add(line, "highest_seen", synod::to_string(status.highest_seen));
  add(line, "concurrency", status.concurrency);
  add(line, "queued", status.queued_appends);
  add(line, "in_flight", status.rounds_in_flight);
  add(line, "appends", status.stats.appends);
  add(line, "writes", status.stats.writes);
  add(line, "messages_sent", status.stats.messages_sent);
  add(line, "messages_received", status.stats.messages_received);
  add(line, "log_digest", status.log_digest);
  add(line, "state_digest", status.state_digest.value_or(0));
  add(line, "stopped", one_word(status.stopped));
  return line;
}

}  // namespace calculator
