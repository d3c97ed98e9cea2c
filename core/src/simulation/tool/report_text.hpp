// A report as text, to be carried from one process to another of the same program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <synod/simulation/cluster.hpp>

namespace synod::simulation::tool {

[[nodiscard]] std::string encode(const Report& report);
// nullopt where it is not whole.
[[nodiscard]] std::optional<Report> decode(std::string_view text);

}  // namespace synod::simulation::tool
