// File: main.cpp
//
// synod-calculator: a calculator that several machines keep in step.
#include <unistd.h>

#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include "client_command.hpp"
#include "command_line.hpp"
#include "node_command.hpp"

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  const calculator::Command command = calculator::parse_command(arguments);
  if (const auto* node = std::get_if<calculator::NodeCommand>(&command)) {
    return calculator::run_node(*node);
  }
  if (const auto* client = std::get_if<calculator::ClientCommand>(&command)) {
    const bool prompt = isatty(STDIN_FILENO) != 0;
    return calculator::run_client(*client, std::cin, prompt, std::cout, std::cerr);
  }
  if (const auto* wrong = std::get_if<calculator::WrongUsage>(&command)) {
    std::cerr << wrong->reason << '\n' << calculator::usage();
    return 2;
  }
  std::cout << calculator::usage();
  return 0;
}
