// Nodes of a cluster as child processes, and a client of theirs. Each function is the body of one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <synod/cluster.hpp>

#include "cluster/process.hpp"

namespace synod::bench {

struct NodePlan {
  NodeId id;
  std::vector<Member> members;
  std::string directory;          // Of the journal; empty: memory alone.
  std::uint16_t client_port = 0;  // Where to serve a separate client; 0: nowhere.
};

// Ports on this machine that nobody listens at.
[[nodiscard]] std::vector<std::uint16_t> free_ports(std::size_t count);

// Keeps as many appends outstanding as the parent says, begun on the node's own io_context.
void run_node(Control& control, const NodePlan& plan);
// The same over one connection to a node: a frame of four bytes of length and a message asks for an
// append, a frame with the message's id answers it.
void run_client(Control& control, std::uint16_t port);

}  // namespace synod::bench
