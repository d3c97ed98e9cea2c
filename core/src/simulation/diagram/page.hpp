// The page around the moments, with its style and its program; made from the files beside this one
// when the project is configured.
#pragma once

#include <string>
#include <string_view>

namespace synod::simulation::page {

// The page, cut at the places where the title and the moments go.
extern const std::string_view before_title;
extern const std::string_view after_title;
extern const std::string_view after_moments;

// As text between tags.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace synod::simulation::page
