// File: host/node_reach.hpp
//
// A communicator that reaches some nodes whatever the members are: what a node that joins asks.
#pragma once

#include <memory>
#include <vector>

#include <synod/communicator.hpp>

namespace synod {

// A member's own address goes before that in `peers`.
[[nodiscard]] std::unique_ptr<Communicator> reach_also(std::vector<Member> peers,
                                                       std::unique_ptr<Communicator> inner);

}  // namespace synod
