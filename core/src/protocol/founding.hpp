// How a cluster begins: decision 7 (H21). An empty journal never votes by itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <synod/message.hpp>

#include "protocol/shared.hpp"

namespace synod {

// Each initial member fixes one map of incarnations durably, and the cluster is founded once all of
// them are known to have fixed the same one. A node that finds the map complete without its own
// incarnation in it has lost its memory, or was never a founder: it learns.
class Founding {
 public:
  explicit Founding(Shared& shared);

  [[nodiscard]] GenesisStage stage() const { return stage_; }
  // The map, once it is complete.
  [[nodiscard]] const GenesisMap* complete_map() const;
  void restore(const GenesisRecord& record);
  // The journal was read back: whether the options still fit what was founded; empty if so.
  [[nodiscard]] std::string contradiction() const;

  // Begins, or goes on.
  void start();
  void on(NodeId from, Incarnation incarnation, const GenesisNote& note);
  void written(std::uint64_t sequence);
  void tick();
  [[nodiscard]] Timestamp deadline() const;
  // A map that came by a snapshot.
  void adopt(const GenesisMap& map);
  // What a checkpoint needs.
  void write_anew();
  // Whom it waits for, or whose map differs; for a person.
  [[nodiscard]] std::string detail() const;

 private:
  struct Founder {
    Member member;
    Incarnation incarnation;  // 0: not heard of.
    bool confirmed = false;   // Fixed the same map, durably.
    bool differs = false;     // Fixed another one.
  };

  [[nodiscard]] bool is_founder() const;
  [[nodiscard]] bool all_known() const;
  [[nodiscard]] Founder* find(NodeId id);
  void fix(GenesisMap map);
  void complete(GenesisMap map, bool record);
  void consider();
  void tell(std::vector<NodeId> to, bool answer_wanted);
  void ask();
  [[nodiscard]] GenesisMap gathered() const;

  Shared& shared_;
  GenesisStage stage_ = GenesisStage::kGathering;
  std::vector<Founder> founders_;  // By ascending id.
  std::optional<GenesisMap> map_;
  std::uint64_t fixed_sequence_ = 0;
  Timestamp ask_at_;
  std::uint32_t attempts_ = 0;
};

// Equal but for addresses, which are everybody's own business.
[[nodiscard]] bool same_map(const GenesisMap& a, const GenesisMap& b);

}  // namespace synod
