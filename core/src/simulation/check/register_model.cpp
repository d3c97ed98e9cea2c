#include <synod/simulation/register_model.hpp>

#include <algorithm>
#include <map>

namespace synod::simulation {
namespace {

using Kind = RegisterModel::Input::Kind;

// About the one that fits nowhere, so that a person can see it at a glance.
constexpr std::size_t kShownMax = 12;

std::string moment(std::uint64_t when) {
  return when == RegisterOperation::kNever ? "never" : std::to_string(when);
}

}  // namespace

std::optional<RegisterModel::State> RegisterModel::step(State state, const Input& input,
                                                        const std::optional<Output>& output) {
  switch (input.kind) {
    case Kind::kRead:
      return !output || *output == state ? std::optional<State>(state) : std::nullopt;
    case Kind::kWrite:
      return input.value;
    case Kind::kReplace:
      break;
  }
  const bool replaces = state == input.expected;
  if (output && (*output != 0) != replaces) return std::nullopt;
  return replaces ? input.value : state;
}

RegisterHistory bound_by_reads(const RegisterHistory& history) {
  // When a value was first seen for certain; never: it may have been.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> first_seen;
  for (const RegisterOperation& each : history) {
    const bool reads = each.input.kind == Kind::kRead && each.output;
    const bool may_see = each.input.kind == Kind::kReplace && each.output.value_or(1) != 0;
    if (!reads && !may_see) continue;
    const std::uint64_t value = reads ? *each.output : each.input.expected;
    const std::uint64_t when = each.output ? each.returned : RegisterOperation::kNever;
    const auto [seen, is_new] = first_seen.try_emplace({each.input.key, value}, when);
    if (!is_new) seen->second = std::min(seen->second, when);
  }
  RegisterHistory bounded;
  for (RegisterOperation each : history) {
    if (each.input.kind == Kind::kWrite && each.indeterminate()) {
      const auto seen = first_seen.find({each.input.key, each.input.value});
      if (seen == first_seen.end()) continue;
      if (seen->second > each.invoked) each.returned = seen->second;
    }
    bounded.push_back(each);
  }
  return bounded;
}

std::string to_string(const RegisterOperation& operation) {
  const RegisterModel::Input& input = operation.input;
  std::string text = "client " + std::to_string(operation.client);
  const std::string key = " k" + std::to_string(input.key);
  if (input.kind == Kind::kRead) {
    text += " reads" + key + ": " + (operation.output ? std::to_string(*operation.output) : "?");
  } else if (input.kind == Kind::kWrite) {
    text += " writes" + key + "=" + std::to_string(input.value);
  } else {
    text += " replaces" + key + ": " + std::to_string(input.expected) + " by " +
            std::to_string(input.value) + ": " +
            (!operation.output        ? "?"
             : *operation.output != 0 ? "done"
                                      : "refused");
  }
  return text + " [" + moment(operation.invoked) + ", " + moment(operation.returned) + "]";
}

std::string describe(const LinearizabilityResult& result, const RegisterHistory& history) {
  std::string text(to_string(result.verdict));
  if (result.ok() || !result.misfit) return text;
  text +=
      ", after " + std::to_string(result.steps) + " steps: " + to_string(history[*result.misfit]);
  text += " fits nowhere behind";
  const std::size_t shown = std::min(kShownMax, result.order.size());
  for (std::size_t i = result.order.size() - shown; i < result.order.size(); ++i) {
    text += "\n    " + to_string(history[result.order[i]]);
  }
  return text + (result.order.empty() ? " nothing" : "");
}

}  // namespace synod::simulation
