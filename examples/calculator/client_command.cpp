#include "client_command.hpp"

#include <algorithm>
#include <istream>
#include <optional>
#include <ostream>
#include <random>
#include <string_view>
#include <utility>
#include <variant>

#include <synod/prng.hpp>

#include "connection.hpp"
#include "lines.hpp"

namespace calculator {
namespace {

using Clock = std::chrono::steady_clock;

// A node that has not answered for this long is left for the next one.
constexpr std::chrono::milliseconds kPatience(1000);
// After all nodes were tried.
constexpr std::chrono::milliseconds kPause(50);

std::uint64_t system_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) ^ device();
}

// What is certain whoever is asked again.
bool is_final(std::string_view answer) {
  return answer.starts_with("ok ") || answer.starts_with("refused ") ||
         answer.starts_with("error ") || answer.starts_with("help ") ||
         answer.starts_with("id=") || answer == "unknown expired" ||
         answer.starts_with("unknown happened");
}

class Client {
 public:
  Client(const ClientCommand& command, std::ostream& out, std::ostream& log)
      : nodes_(command.nodes),
        timeout_(command.timeout),
        prng_(system_seed()),
        out_(out),
        log_(log) {}

  void take(std::string_view line) {
    Request request = parse_request(line);
    if (const auto* wrong = std::get_if<NotUnderstood>(&request)) {
      log_ << "not understood: " << wrong->reason << std::endl;
      misunderstood_ = true;
      return;
    }
    synod::Duration time = timeout_;
    if (auto* calculation = std::get_if<Calculation>(&request)) {
      // One id for all tries, so that they are one operation.
      if (!calculation->id.has_value()) calculation->id = prng_.entry_id();
      if (calculation->within > synod::Duration::zero()) time = calculation->within;
      report(settle(calculation, line, time));
    } else {
      if (const auto* value = std::get_if<Value>(&request); value && value->within.count() > 0) {
        time = value->within;
      }
      report(settle(nullptr, line, time));
    }
  }

  [[nodiscard]] int exit_status() const { return misunderstood_ ? 2 : unsuccessful_ ? 1 : 0; }

 private:
  // The answer that counts. Asks one node after the other until one is certain or the time is up.
  std::string settle(Calculation* calculation, std::string_view line, synod::Duration time) {
    const Deadline deadline = Clock::now() + time;
    std::string last;
    bool possible = false;  // A try may have had its effect, or may yet have it.
    while (Clock::now() < deadline) {
      const auto left =
          std::chrono::duration_cast<synod::Duration>(deadline - Clock::now());
      if (calculation != nullptr) {
        calculation->within = std::max(left, synod::Duration(1000));
      }
      const std::string text = calculation != nullptr ? to_line(*calculation) : std::string(line);
      const Deadline patience = std::min<Deadline>(deadline, Clock::now() + kPatience);
      const std::optional<std::string> answer = nodes_.ask(text, patience);
      if (answer.has_value() && is_final(*answer)) return *answer;
      if (answer.has_value()) {
        possible = possible || answer->starts_with("unknown ");
        last = answer->substr(std::min(answer->find(' '), answer->size() - 1) + 1);
      } else {
        possible = possible || calculation != nullptr;
        last = "no answer from " + nodes_.node();
      }
      nodes_.next();
      if (nodes_.all_tried() || answer.has_value()) {
        nodes_.pause(kPause);
      }
    }
    return (possible ? "unknown " : "failed ") + (last.empty() ? "no time" : last);
  }

  void report(const std::string& answer) {
    constexpr std::string_view kOk = "ok ";
    const bool ok = answer.starts_with(kOk);
    const bool valued = ok && !answer.starts_with("ok snapshot");
    if (valued) {
      const std::size_t end = answer.find(' ', kOk.size());
      out_ << answer.substr(kOk.size(), end - kOk.size()) << std::endl;
      return;
    }
    log_ << answer << std::endl;
    const bool told = ok || answer.starts_with("id=") || answer.starts_with("help ");
    unsuccessful_ = unsuccessful_ || !told;
  }

  Connection nodes_;
  synod::Duration timeout_;
  synod::Prng prng_;
  std::ostream& out_;
  std::ostream& log_;
  bool unsuccessful_ = false;
  bool misunderstood_ = false;
};

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

int run_client(const ClientCommand& command, std::istream& in, bool prompt, std::ostream& out,
               std::ostream& log) {
  Client client(command, out, log);
  for (const std::string& request : command.requests) client.take(request);
  if (!command.requests.empty()) return client.exit_status();

  if (prompt) log << help_line() << "\n> " << std::flush;
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!is_blank(line)) client.take(line);
    if (prompt) log << "> " << std::flush;
  }
  if (prompt) log << std::endl;
  return client.exit_status();
}

}  // namespace calculator
