// File: node_command.hpp
//
// synod-calculator node: one member of the cluster, until SIGTERM or SIGINT.
#pragma once

#include "command_line.hpp"

namespace calculator {

// The exit status: 0 after a signal, 1 where the node could not start or stopped by itself.
[[nodiscard]] int run_node(const NodeCommand& command);

}  // namespace calculator
