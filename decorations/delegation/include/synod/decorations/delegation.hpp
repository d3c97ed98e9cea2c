// File: decorations/delegation.hpp
//
// Appends work at every node: where another node leads, the entry is sent there instead of taking
// the lead away from it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <synod/decoration.hpp>
#include <synod/decorations/track_leadership.hpp>

namespace synod {

// An append that would gain leadership, at a node that does not lead, is forwarded to the leader,
// which settles it. It is complete when the entry is applied *here* (so whoever asked reads its own
// write); the leader answers refusals. Forwards are datagrams under the entry's own id: they are
// sent again until something is known, and never cause a second effect. A leader that does not
// answer at all is asked through another member once, then taken for dead. While nobody leads, the
// node waits its turn, a random time, and leads itself. A node that may not lead hands over to a
// voting member, in rotation.
//
// The fate of a failed append is unknown for as long as a forwarded copy is unanswered. A forward is
// obeyed once, and only with the token that its receiver last gave to this process of its sender; so
// an answered copy is spent, even when the network repeats it after a restart. That the token was
// replaced meanwhile is no answer: an earlier copy may have been obeyed.
class Delegation final : public Decoration {
 public:
  struct Options {
    // While no leader is known, a node leads after a random time up to this.
    Duration turn = std::chrono::milliseconds(100);
    // A forward that is neither answered nor applied is sent again after this.
    Duration resend_after = std::chrono::milliseconds(100);
    // A leader that answers nothing for this long is not asked again until it shows itself anew.
    Duration leader_timeout = std::chrono::milliseconds(800);
    // Appends that may be waiting here at once. Past it: kOverloaded.
    std::size_t waiting_max = 65'536;
    // What one message may carry; a larger entry goes alone.
    std::size_t message_bytes = 256u << 10;
    // Whether the forwards of one turn share a message.
    bool batch = true;
  };
  struct Stats {
    std::uint64_t forwarded = 0;   // Entries sent to another node, each sending counts.
    std::uint64_t served = 0;      // Entries appended here for others.
    std::uint64_t relayed = 0;     // Passed on for somebody who does not reach the leader.
    std::uint64_t led_itself = 0;  // Turns that came because nobody led.
  };

  // `leadership` was added before and outlives this object.
  explicit Delegation(TrackLeadership& leadership) : Delegation(Options{}, leadership) {}
  Delegation(Options options, TrackLeadership& leadership);
  ~Delegation() override;

  [[nodiscard]] const Stats& stats() const;
  // Appends that wait here.
  [[nodiscard]] std::size_t waiting() const;

  [[nodiscard]] std::string_view name() const override { return "delegation"; }
  void on_start(DecorationContext& context) override;
  void on_event(DecorationContext& context, const Event& event) override;
  void on_message(DecorationContext& context, NodeId from,
                  std::span<const std::byte> bytes) override;
  [[nodiscard]] Timestamp deadline() const override;
  void on_deadline(DecorationContext& context) override;
  AppendVerdict on_append(DecorationContext& context, AppendRequest& request) override;
  void on_shut_down(DecorationContext& context) override;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace synod
