// How a cluster begins: decision 7 (H21). An empty journal never votes by itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <synod/message.hpp>

#include "protocol/founders_vote.hpp"
#include "protocol/shared.hpp"

namespace synod {

// Each initial member fixes one map of incarnations durably, and the cluster is founded once all of
// them are known to have fixed the same one. A node that finds the map complete without its own
// incarnation in it has lost its memory, or was never a founder: it learns.
//
// Where a quorum founds (FoundingRule::kQuorum; founding_by_quorum.cpp), the founders vote on the
// map instead. It names those that were heard of by then; the others are admitted by the log. Once
// it is complete, founders ask each other until all are known to hold it: from then on a founder
// that loses its memory finds somebody who tells it so.
class Founding {
 public:
  explicit Founding(Shared& shared);

  [[nodiscard]] GenesisStage stage() const { return stage_; }
  // The map, once it is complete.
  [[nodiscard]] const GenesisMap* complete_map() const;
  void restore(const GenesisRecord& record);
  void restore(const GenesisVoteRecord& record) { vote_.restore(record); }
  // This memory takes the place of a damaged one: it never founds a cluster, it finds one.
  // Otherwise founders that are all damaged would begin anew, without what they acknowledged.
  void replaces_a_memory() { is_replacement_ = true; }
  // The journal was read back: whether the options still fit what was founded; empty if so.
  [[nodiscard]] std::string contradiction() const;

  // Begins, or goes on.
  void start();
  void on(NodeId from, Incarnation incarnation, const GenesisNote& note);
  void on(NodeId from, Incarnation incarnation, const GenesisPrepare& prepare);
  void on(NodeId from, Incarnation incarnation, const GenesisPromise& promise);
  void on(NodeId from, Incarnation incarnation, const GenesisPropose& propose);
  void on(NodeId from, Incarnation incarnation, const GenesisAcceptance& acceptance);
  void on(NodeId from, Incarnation incarnation, const GenesisConflict& conflict);
  void written(std::uint64_t sequence);
  void tick();
  [[nodiscard]] Timestamp deadline() const;
  // Whether this node may be part of the cluster with this map: not where it was founded by another
  // rule than this founder was given.
  [[nodiscard]] bool may_adopt(const GenesisMap& map) const;
  // A map that came by a snapshot. Requires: may_adopt(map).
  void adopt(const GenesisMap& map);
  // What a checkpoint needs.
  void write_anew();
  // Somebody knows the cluster to be founded with another map than the one that this memory fixed.
  [[nodiscard]] bool is_too_late() const;
  // Whom it waits for, or whose map differs; for a person.
  [[nodiscard]] std::string detail() const;
  // After a founding by a quorum: which founders are not known to hold the map; for a person. Empty
  // once all do.
  [[nodiscard]] const std::string& caution() const { return caution_; }
  // What somebody said that breaks the protocol; empty as long as nobody did.
  [[nodiscard]] const std::string& violation() const { return violation_; }

 private:
  struct Founder {
    Member member;
    Incarnation incarnation;  // 0: not heard of.
    // Fixed the same map, durably; where a quorum founds: holds the complete one durably.
    bool confirmed = false;
    bool differs = false;  // Fixed another one, or was given other terms.
    bool founded = false;  // With that other one.
    bool forgot = false;   // Spoke with two memories while a quorum founds.

    [[nodiscard]] bool known() const {
      return incarnation != Incarnation(0) && !differs && !forgot;
    }
  };

  [[nodiscard]] bool is_founder() const;
  [[nodiscard]] bool may_found() const { return is_founder() && !is_replacement_; }
  [[nodiscard]] bool all_known() const;
  [[nodiscard]] Founder* find(NodeId id);
  void fix(GenesisMap map);
  void complete(GenesisMap map, bool record);
  void consider();
  void tell(std::vector<NodeId> to, bool answer_wanted);
  void ask();
  void hear_by_all(Founder* founder, Incarnation incarnation, const GenesisNote& note);
  [[nodiscard]] std::string detail_by_all() const;
  [[nodiscard]] GenesisMap gathered() const;
  [[nodiscard]] std::vector<NodeId> other_founders() const;

  // founding_by_quorum.cpp
  [[nodiscard]] bool by_quorum() const;
  void hear_by_quorum(Founder* founder, Incarnation incarnation, const GenesisNote& note);
  [[nodiscard]] Founder* voter(NodeId from, Incarnation incarnation);
  [[nodiscard]] bool takes_ballot(NodeId from, Incarnation incarnation, const CoordNum& coord,
                                  const GenesisMap& map);
  void meet(Founder& founder, Incarnation incarnation);
  void consider_vote();
  [[nodiscard]] std::optional<Timestamp> may_campaign_at() const;
  [[nodiscard]] bool spreads() const;
  void spread();
  void update_caution();
  [[nodiscard]] std::string detail_by_quorum() const;
  // The map without anybody's incarnation.
  [[nodiscard]] GenesisMap terms() const;

  Shared& shared_;
  GenesisStage stage_ = GenesisStage::kGathering;
  std::vector<Founder> founders_;  // By ascending id.
  std::optional<GenesisMap> map_;
  std::uint64_t fixed_sequence_ = 0;
  bool is_replacement_ = false;
  Timestamp ask_at_;
  std::uint32_t attempts_ = 0;

  FoundersVote vote_;
  bool ready_ = false;       // To bid: enough founders were heard of.
  Timestamp patient_until_;  // Until then it waits for those not heard of yet.
  std::string caution_;
  std::string violation_;
};

// Ids as a list for a person: 1,2,3.
[[nodiscard]] std::string listed(const std::vector<NodeId>& ids);

// Equal but for addresses, which are everybody's own business.
[[nodiscard]] bool same_map(const GenesisMap& a, const GenesisMap& b);

}  // namespace synod
