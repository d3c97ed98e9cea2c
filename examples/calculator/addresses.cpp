#include "addresses.hpp"

#include <cstdint>

#include "lines.hpp"

namespace calculator {
namespace {

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

std::optional<HostAndPort> parse_host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const std::optional<std::uint64_t> number = parse_number(port);
  if (!number.has_value() || *number > 65'535) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  return HostAndPort{std::string(host), std::string(port)};
}

std::vector<HostAndPort> parse_addresses(std::string_view text) {
  std::vector<HostAndPort> addresses;
  for (const std::string_view part : split(text)) {
    std::optional<HostAndPort> address = parse_host_and_port(part);
    if (!address.has_value() || address->host.empty()) return {};
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

std::vector<synod::Member> parse_members(std::string_view text) {
  std::vector<synod::Member> members;
  for (const std::string_view part : split(text)) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return {};
    const std::optional<std::uint64_t> id = parse_number(part.substr(0, equals));
    const std::string_view address = part.substr(equals + 1);
    if (id.value_or(0) == 0 || !parse_host_and_port(address).has_value()) return {};
    synod::Member member;
    member.id = synod::NodeId(*id);
    member.address = std::string(address);
    members.push_back(std::move(member));
  }
  return members;
}

}  // namespace calculator
