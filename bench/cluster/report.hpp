// Medians over the repetitions, and the aims that they are held against.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cluster/systems.hpp"

namespace synod::bench {

class Report {
 public:
  void add(const std::string& name, std::uint32_t outstanding, const Window& window) {
    windows_[{name, outstanding}].push_back(window);
  }
  void print_table() const;
  // One line for each aim whose sides were measured.
  void print_aims() const;

 private:
  using Field = double (*)(const Window&);

  [[nodiscard]] bool has(const std::string& name, std::uint32_t outstanding) const {
    return windows_.contains({name, outstanding});
  }
  [[nodiscard]] double median(const std::string& name, std::uint32_t outstanding,
                              Field field) const;

  std::map<std::pair<std::string, std::uint32_t>, std::vector<Window>> windows_;
};

}  // namespace synod::bench
