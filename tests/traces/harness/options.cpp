#include "traces/harness/options.hpp"

#include <algorithm>
#include <sstream>

#include "traces/harness/stage.hpp"

namespace synod::traces {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

Roles roles_of(const std::string& letters) {
  return {letters.find('p') != std::string::npos, letters.find('a') != std::string::npos,
          letters.find('l') != std::string::npos};
}

NodeId end_of_link(const std::string& text) {
  return text == "*" || text.empty() ? NodeId() : node_called(text.front());
}

void set_cluster(const std::vector<std::string>& words, const std::string& founders,
                 Cluster& cluster) {
  for (const char letter : founders) cluster.members.push_back(Member{.id = node_called(letter)});
  const std::vector<std::string> weights = split(value_of(words, "weights"), ',');
  for (std::size_t i = 0; i < weights.size() && i < cluster.members.size(); ++i) {
    cluster.members[i].weight = static_cast<std::uint32_t>(std::stoul(weights[i]));
  }
  const std::vector<std::string> roles = split(value_of(words, "roles"), ',');
  for (std::size_t i = 0; i < roles.size() && i < cluster.members.size(); ++i) {
    cluster.members[i].roles = roles_of(roles[i]);
  }
  const std::vector<std::string> quorums = split(value_of(words, "quorums"), '/');
  if (quorums.size() == 2) cluster.policy = {std::stoull(quorums[0]), std::stoull(quorums[1])};
}

// One word for all founders, or one for each.
std::map<NodeId, FoundingRule> foundings_of(const std::string& text, const Cluster& founders) {
  std::map<NodeId, FoundingRule> foundings;
  const std::vector<std::string> rules = split(text, ',');
  for (std::size_t i = 0; i < founders.members.size() && !rules.empty(); ++i) {
    const std::string& rule = rules[std::min(i, rules.size() - 1)];
    foundings[founders.members[i].id] =
        rule == "quorum" ? FoundingRule::kQuorum : FoundingRule::kAll;
  }
  return foundings;
}

}  // namespace

Duration duration_of(std::string text) {
  if (text.starts_with('+')) text = text.substr(1);
  const std::int64_t number = std::stoll(text);
  if (text.ends_with("us")) return Duration(number);
  if (text.ends_with("ms") || !text.ends_with("s")) return Duration(number * 1000);
  return Duration(number * 1'000'000);
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string value_of(const std::vector<std::string>& words, const std::string& key,
                     const std::string& otherwise) {
  for (const std::string& word : words) {
    if (word.starts_with(key + "=")) return word.substr(key.size() + 1);
  }
  return otherwise;
}

Casting casting_of(const std::vector<std::string>& words, std::string& letters) {
  for (std::size_t i = 1; i < words.size() && words[i].size() == 1; ++i) letters += words[i];
  Casting casting;
  set_cluster(words, value_of(words, "founders", letters), casting.cluster);
  casting.window = std::stoull(value_of(words, "window", "1"));
  casting.founded = value_of(words, "genesis", "complete") == "complete";
  casting.foundings = foundings_of(value_of(words, "founding"), casting.cluster);
  ReplicaOptions& options = casting.options;
  options.idle_interval = duration_of(value_of(words, "idle", "3600s"));
  options.stickiness = duration_of(value_of(words, "stickiness", "0ms"));
  options.retransmit_after = duration_of(value_of(words, "retransmit", "100ms"));
  options.campaign_timeout = duration_of(value_of(words, "campaign", "600ms"));
  options.quorum_timeout = duration_of(value_of(words, "quorum_timeout", "3600s"));
  options.remembered_rounds = std::stoull(value_of(words, "remembered", "262144"));
  options.limits.retained_entries_max = std::stoull(value_of(words, "retained", "65536"));
  options.limits.snapshot_chunk_bytes =
      static_cast<std::uint32_t>(std::stoul(value_of(words, "chunk", "262144")));
  options.limits.promise_page_entries_max =
      static_cast<std::uint32_t>(std::stoul(value_of(words, "page", "4096")));
  options.acceptances_to_learners = value_of(words, "acceptances") == "learners";
  options.found_alone = value_of(words, "found_alone") == "yes";
  return casting;
}

bool selection_of(const std::vector<std::string>& words, Selection& selection) {
  if (words.size() < 2) return false;
  const std::size_t arrow = words[1].find("->");
  if (arrow == std::string::npos) return false;
  selection.from = end_of_link(words[1].substr(0, arrow));
  selection.to = end_of_link(words[1].substr(arrow + 2));
  if (words.size() > 2 && words[2] != "all" && words[2] != "first") selection.kind = words[2];
  return true;
}

}  // namespace synod::traces
