// File: decorations/heartbeats.hpp
//
// Keeps a quiet cluster awake: so that leaders are seen to live and nodes that missed something find
// out without anybody appending.
#pragma once

#include <synod/decoration.hpp>
#include <synod/decorations/track_leadership.hpp>

namespace synod {

// After a silence the leader appends a no-op, for which it must still lead; any other node fetches
// the next round from the leader or, where none is known, from a random member. Nobody campaigns.
class Heartbeats final : public Decoration {
 public:
  struct Options {
    // A node that does not lead and applies nothing for this long asks for the next round. 0: never.
    Duration interval = std::chrono::milliseconds(1000);
    // A leader that settles nothing for this long settles a no-op. 0: never.
    Duration leader_interval = std::chrono::milliseconds(400);
  };

  // `leadership` was added before and outlives this object.
  explicit Heartbeats(TrackLeadership& leadership) : Heartbeats(Options{}, leadership) {}
  Heartbeats(Options options, TrackLeadership& leadership)
      : options_(options), leadership_(&leadership) {}

  // How many were sent so far.
  [[nodiscard]] std::uint64_t noops() const { return noops_; }
  [[nodiscard]] std::uint64_t fetches() const { return fetches_; }

  [[nodiscard]] std::string_view name() const override { return "heartbeats"; }
  void on_start(DecorationContext& context) override;
  void on_event(DecorationContext& context, const Event& event) override;
  [[nodiscard]] Timestamp deadline() const override { return due_; }
  void on_deadline(DecorationContext& context) override;

 private:
  void rearm(Timestamp now);
  void fetch_next(DecorationContext& context);

  Options options_;
  TrackLeadership* leadership_;
  Timestamp due_ = Timestamp::max();
  bool disoriented_ = false;
  std::uint64_t noops_ = 0;
  std::uint64_t fetches_ = 0;
};

}  // namespace synod
