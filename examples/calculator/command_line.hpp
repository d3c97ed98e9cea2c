// File: command_line.hpp
//
// What synod-calculator is told when it is started.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <synod/cluster.hpp>
#include <synod/types.hpp>

#include "addresses.hpp"

namespace calculator {

struct NodeCommand {
  synod::NodeId id;
  std::vector<synod::Member> members;  // `id` is among them.
  std::string directory;
  std::string clients;  // "host:port"
  bool found_alone = false;
};
struct ClientCommand {
  std::vector<HostAndPort> nodes;
  synod::Duration timeout = std::chrono::seconds(5);
  std::vector<std::string> requests;  // Empty: from standard input.
};
struct HelpCommand {};
// Wrong usage; why, as a sentence.
struct WrongUsage {
  std::string reason;
};

using Command = std::variant<NodeCommand, ClientCommand, HelpCommand, WrongUsage>;

// `arguments` without the program's own name.
[[nodiscard]] Command parse_command(const std::vector<std::string>& arguments);
[[nodiscard]] std::string_view usage();

}  // namespace calculator
