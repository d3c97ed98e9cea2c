// File: client_command.hpp
//
// synod-calculator client: asks the cluster, whichever of its nodes answers.
#pragma once

#include <iosfwd>

#include "command_line.hpp"

namespace calculator {

// Prints one value a line to `out` and everything else to `log`. The exit status: 0; 1 where any
// request was refused, failed or unknown; 2 where one was not understood.
[[nodiscard]] int run_client(const ClientCommand& command, std::istream& in, bool prompt,
                             std::ostream& out, std::ostream& log);

}  // namespace calculator
