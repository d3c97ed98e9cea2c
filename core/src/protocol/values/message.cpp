#include <synod/message.hpp>

#include <array>

namespace synod {

std::string_view kind_of(const Message& message) {
  // In the order of the variant.
  static constexpr std::array<std::string_view, 25> kKinds = {
      "prepare",          "promise",        "conflict",   "abstention",  "propose",
      "acceptance",       "rejection",      "commit",     "fetch",       "entries",
      "snapshot-request", "snapshot-chunk", "read-query", "read-answer", "leadership-request",
      "genesis-note",     "announcement",   "challenge",  "note",        "genesis-prepare",
      "genesis-promise",  "genesis-propose", "genesis-acceptance", "genesis-conflict",
      "vouch"};
  static_assert(kKinds.size() == std::variant_size_v<Message>);
  return message.valueless_by_exception() ? "nothing" : kKinds[message.index()];
}

}  // namespace synod
