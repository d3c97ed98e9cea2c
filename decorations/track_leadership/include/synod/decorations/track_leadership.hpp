// File: decorations/track_leadership.hpp
//
// Who leads, as far as this node can tell. A guess that costs nothing: it never keeps anybody from
// anything, and other decorations use it to decide whom to ask.
#pragma once

#include <optional>
#include <vector>

#include <absl/functional/any_invocable.h>

#include <synod/decoration.hpp>

namespace synod {

// Learns from the directives that this node obeyed and from its own mandates. A leader is *strict*
// once it was seen to propose or to commit, which only the holder of a mandate can; a candidate that
// was merely promised to is *lax*. A leader that has been silent, or whom no quorum answered (H15),
// for too long is not taken for alive.
class TrackLeadership final : public Decoration {
 public:
  struct Options {
    // A leader that says nothing for this long is gone. Keep it above ReplicaOptions::idle_interval,
    // or use heartbeats with a shorter leader_interval.
    Duration silence_max = std::chrono::milliseconds(1500);
    // A leader that says that no quorum answered it for this long is as good as gone.
    Duration quorum_age_max = std::chrono::milliseconds(2000);
  };

  // What is known of one attempt at leading.
  struct Mandate {
    NodeId leader;
    CoordNum coord;
    RoundNum last_round;    // The highest round that a directive named.
    Timestamp last_seen;    // When the last directive came.
    Timestamp quorum_seen;  // When a quorum last answered it, as it says itself.
    bool strict = false;
  };
  using Subscriber = absl::AnyInvocable<void(std::optional<NodeId>)>;

  TrackLeadership() : TrackLeadership(Options{}) {}
  explicit TrackLeadership(Options options) : options_(options) {}

  // The node that leads now, this one included; nothing where none is known to be alive. On the
  // node's thread, like all the rest.
  [[nodiscard]] std::optional<NodeId> leader() const;
  // The same, where a candidate that was promised to counts as well.
  [[nodiscard]] std::optional<NodeId> lax_leader() const;
  // True where this node holds a mandate.
  [[nodiscard]] bool leading() const { return own_.has_value(); }
  // When `node` last showed itself as a leader or candidate; Timestamp() never.
  [[nodiscard]] Timestamp last_seen(NodeId node) const;
  // All that are remembered, lowest coordination number first; at most eight.
  [[nodiscard]] const std::vector<Mandate>& mandates() const { return mandates_; }
  // `subscriber` is told every change of leader(), inside a hook of this decoration: it may queue
  // requests in its own context, and must outlive this object.
  void subscribe(Subscriber subscriber);

  [[nodiscard]] std::string_view name() const override { return "track_leadership"; }
  void on_start(DecorationContext& context) override;
  void on_event(DecorationContext& context, const Event& event) override;
  [[nodiscard]] Timestamp deadline() const override;
  void on_deadline(DecorationContext& context) override;

 private:
  [[nodiscard]] Timestamp alive_until(const Mandate& mandate) const;
  [[nodiscard]] const Mandate* alive(bool strict_only) const;
  Mandate& remember(const CoordNum& coord, NodeId leader, Timestamp at);
  void on(const Directive& directive);
  void on(const MandateWon& won);
  void on(const MandateLost& lost);
  void announce();

  Options options_;
  DecorationContext* context_ = nullptr;  // Set by on_start; lives as long as the node.
  std::vector<Mandate> mandates_;         // By ascending coordination number.
  std::optional<CoordNum> own_;           // The mandate that this node holds.
  std::optional<NodeId> announced_;
  std::vector<Subscriber> subscribers_;
};

}  // namespace synod
