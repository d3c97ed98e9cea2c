// All decorations at once, for --decorations.
#pragma once

#include <memory>
#include <vector>

#include <synod/decoration.hpp>
#include <synod/types.hpp>

namespace synod::simulation::tool {

// Every node has all of them, in the order in which a program would have them.
[[nodiscard]] std::vector<std::unique_ptr<Decoration>> decorate(NodeId node);

}  // namespace synod::simulation::tool
