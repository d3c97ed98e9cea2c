#include "command_line.hpp"

#include <getopt.h>

#include <map>
#include <optional>
#include <utility>

#include "lines.hpp"

namespace calculator {
namespace {

// What getopt_long made of the arguments.
struct Options {
  std::map<std::string, std::string> given;  // By name, without the dashes.
  std::vector<std::string> rest;
  std::string wrong;  // Why they are none; empty where they are.

  [[nodiscard]] std::string at(const std::string& name) const {
    const auto found = given.find(name);
    return found == given.end() ? std::string() : found->second;
  }
  [[nodiscard]] bool has(const std::string& name) const { return given.contains(name); }
};

// `known` ends with an empty one. Stops at the first word that is no option, which may be "-5".
Options read_options(std::vector<std::string> words, const option* known) {
  Options options;
  std::string program = "synod-calculator";
  std::vector<char*> pointers{program.data()};
  for (std::string& word : words) pointers.push_back(word.data());
  const int count = static_cast<int>(pointers.size());
  pointers.push_back(nullptr);
  optind = 0;  // Reads anew.
  opterr = 0;
  int at = 0;
  for (int read = 0; (read = getopt_long(count, pointers.data(), "+:", known, &at)) != -1;) {
    if (read == 0) {
      options.given[known[at].name] = optarg == nullptr ? "" : optarg;
    } else {
      const std::string word = pointers[static_cast<std::size_t>(optind) - 1];
      options.wrong = (read == ':' ? "a value is missing after " : "no such option: ") + word;
      return options;
    }
  }
  for (int i = optind; i < count; ++i) options.rest.emplace_back(pointers[static_cast<std::size_t>(i)]);
  return options;
}

// "add 5 mul 3" and "add 5" "mul 3" are both two requests.
std::vector<std::string> requests_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + ' ';
  std::vector<std::string> requests;
  std::size_t begin = text.find_first_not_of(" \t\n");
  while (begin != std::string::npos) {
    const std::size_t end = text.find_first_of(" \t\n", begin);
    const std::string word = text.substr(begin, end - begin);
    if (requests.empty() || is_verb(word)) {
      requests.push_back(word);
    } else {
      requests.back() += ' ' + word;
    }
    begin = text.find_first_not_of(" \t\n", end);
  }
  return requests;
}

Command node_command(const std::vector<std::string>& arguments) {
  const option known[] = {{"id", required_argument, nullptr, 0},
                          {"cluster", required_argument, nullptr, 0},
                          {"data", required_argument, nullptr, 0},
                          {"clients", required_argument, nullptr, 0},
                          {"found-alone", no_argument, nullptr, 0},
                          {}};
  const Options options = read_options(arguments, known);
  if (!options.wrong.empty()) return WrongUsage{options.wrong};
  if (!options.rest.empty()) return WrongUsage{"node takes no other arguments"};
  NodeCommand command;
  command.id = synod::NodeId(parse_number(options.at("id")).value_or(0));
  command.members = parse_members(options.at("cluster"));
  command.directory = options.at("data");
  command.clients = options.at("clients");
  command.found_alone = options.has("found-alone");
  if (command.id == synod::NodeId()) return WrongUsage{"--id needs a number above 0"};
  if (command.members.empty()) return WrongUsage{"--cluster needs 1=HOST:PORT,2=HOST:PORT,…"};
  const synod::Cluster cluster{command.members, {}};
  if (cluster.find(command.id) == nullptr) return WrongUsage{"--cluster does not name --id"};
  if (command.directory.empty()) return WrongUsage{"--data needs a directory"};
  if (!parse_host_and_port(command.clients).has_value()) {
    return WrongUsage{"--clients needs HOST:PORT"};
  }
  return command;
}

Command client_command(const std::vector<std::string>& arguments) {
  const option known[] = {{"connect", required_argument, nullptr, 0},
                          {"timeout", required_argument, nullptr, 0},
                          {}};
  const Options options = read_options(arguments, known);
  if (!options.wrong.empty()) return WrongUsage{options.wrong};
  ClientCommand command;
  command.nodes = parse_addresses(options.at("connect"));
  if (command.nodes.empty()) return WrongUsage{"--connect needs HOST:PORT[,HOST:PORT…]"};
  if (options.has("timeout")) {
    const std::optional<synod::Duration> timeout = parse_duration(options.at("timeout"));
    if (!timeout.has_value()) return WrongUsage{"--timeout needs a time like 500ms or 5s"};
    command.timeout = *timeout;
  }
  command.requests = requests_of(options.rest);
  for (const std::string& request : command.requests) {
    const Request parsed = parse_request(request);
    if (const auto* wrong = std::get_if<NotUnderstood>(&parsed)) {
      return WrongUsage{request + ": " + wrong->reason};
    }
  }
  return command;
}

}  // namespace

std::string_view usage() {
  return "usage:\n"
         "  synod-calculator node --id N --cluster 1=HOST:PORT,2=HOST:PORT,3=HOST:PORT\n"
         "                        --data DIR --clients HOST:PORT [--found-alone]\n"
         "  synod-calculator client --connect HOST:PORT[,HOST:PORT...] [--timeout 5s]\n"
         "                        [OPERATION...]\n"
         "Operations come from standard input where none is given, one a line:\n"
         "  add X, sub X, mul X, div X (or + - * /), each with id=UUID before=ROUND within=500ms;\n"
         "  value [stale]; status; snapshot; help\n";
}

Command parse_command(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return WrongUsage{"say node or client"};
  const std::string& verb = arguments[0];
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (verb == "--help" || verb == "help" || verb == "-h") return HelpCommand{};
  if (!rest.empty() && rest[0] == "--help") return HelpCommand{};
  if (verb == "node") return node_command(rest);
  if (verb == "client") return client_command(rest);
  return WrongUsage{"there are only node and client"};
}

}  // namespace calculator
