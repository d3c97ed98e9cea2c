// "host:port" taken apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace synod::tcp_detail {

struct HostAndPort {
  std::string host;  // Without brackets; empty: all interfaces.
  std::string port;  // A number.

  friend bool operator==(const HostAndPort&, const HostAndPort&) = default;
};

// Nothing where `address` is no "host:port", "[address]:port" or ":port".
[[nodiscard]] std::optional<HostAndPort> parse_address(std::string_view address);

}  // namespace synod::tcp_detail
