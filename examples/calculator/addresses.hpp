// File: addresses.hpp
//
// The addresses that users write.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <synod/cluster.hpp>

namespace calculator {

struct HostAndPort {
  std::string host;  // Empty: every interface.
  std::string port;
};

// "host:port", "[::1]:port" or ":port".
[[nodiscard]] std::optional<HostAndPort> parse_host_and_port(std::string_view text);
// "HOST:PORT,HOST:PORT"; empty where one of them is none.
[[nodiscard]] std::vector<HostAndPort> parse_addresses(std::string_view text);
// "1=HOST:PORT,2=HOST:PORT"; empty where one of them is none. Ids are above 0.
[[nodiscard]] std::vector<synod::Member> parse_members(std::string_view text);

}  // namespace calculator
