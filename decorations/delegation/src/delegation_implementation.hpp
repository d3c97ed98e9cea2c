// File: delegation_implementation.hpp
//
// The inside of Delegation. delegation.cpp holds what both sides share, delegation_origin.cpp the
// side that was asked to append, delegation_server.cpp the side that does it for others.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <synod/decorations/delegation.hpp>

#include "delegation_note.hpp"

namespace synod {

class Delegation::Implementation {
 public:
  Implementation(Options options, TrackLeadership& leadership);

  void start(DecorationContext& context);
  void on_event(const Event& event);
  void on_message(NodeId from, std::span<const std::byte> bytes);
  [[nodiscard]] Timestamp deadline() const;
  void on_deadline();
  AppendVerdict on_append(AppendRequest& request);
  void shut_down();

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  Stats stats;

 private:
  enum class Stage : std::uint8_t {
    kTurn,       // Nobody leads: the node waits its turn.
    kForwarded,  // `asked` has it.
    kLocal,      // This node tries.
    kPausing,    // Until `due`, then everything is decided anew.
  };
  // The sendings of one append that may still do something.
  struct Unanswered {
    static constexpr std::size_t kMax = 16;
    // False where there are too many to remember.
    bool add(std::uint32_t attempt);
    // False where it was answered before, or is not remembered.
    bool remove(std::uint32_t attempt);
    std::array<std::uint32_t, kMax> attempts{};  // 0: free.
    std::size_t count = 0;
  };
  // An append that was taken. Its fate is unknown while a copy of it may still do something.
  struct Waiting {
    AppendRequest request;
    Stage stage = Stage::kPausing;
    std::uint64_t serial = 0;
    NodeId asked;            // The node that it was last sent to.
    bool by_detour = false;  // It was, because the leader did not answer.
    bool lead = false;       // It was asked to lead.
    NodeId knows_better;     // It may follow a leader that this node does not hear; 0: nobody.
    std::uint32_t redirections = 0;
    std::uint32_t attempt = 0;  // Names the last sending.
    Unanswered unanswered;
    std::uint32_t strange = 0;  // In a row: sent again at once after the first ones only.
    std::uint32_t failures = 0;
    bool possible = false;  // A copy's fate is unknown for good.
    bool unseen = false;    // A snapshot passed over rounds in which it may have happened.
    std::optional<RoundNum> settled;
    Timestamp asked_since;  // Or last heard of.
    Timestamp due = Timestamp::max();
  };
  using WaitingMap = std::multimap<EntryId, Waiting>;
  // What goes to one node in one message.
  struct Parcel {
    NodeId to;
    bool is_forward = false;
    delegation::Forward heading;  // Without entries.
    Bytes body;
  };
  // What a sender's process may use here, and the last 64 messages that came with it.
  struct Admission {
    std::uint64_t epoch = 0;
    std::uint64_t token = 0;
    std::uint64_t highest = 0;
    std::uint64_t below = 0;  // Bit i: highest - i was seen.
  };

  // --- Both sides (delegation.cpp) ---
  [[nodiscard]] std::optional<NodeId> leader() const;
  [[nodiscard]] bool may_lead() const;
  [[nodiscard]] bool leads() const;
  void suspect(NodeId node);
  bool is_admitted(NodeId from, const delegation::Heading& heading);
  static bool first_time(Admission& admission, std::uint64_t number);
  Bytes& parcel(NodeId to, bool is_forward, const delegation::Forward& heading, std::size_t room);
  void send_parcel(const Parcel& parcel);
  void flush();

  // --- The origin (delegation_origin.cpp) ---
  void decide(Waiting& waiting);
  void wait_turn(Waiting& waiting);
  void forward(Waiting& waiting, NodeId to, bool lead);
  void hand_over(Waiting& waiting);
  void append_here(Waiting& waiting);
  void on_local_end(const EntryId& id, std::uint64_t serial, absl::StatusOr<AppendReceipt> result);
  void take_detour(Waiting& waiting, NodeId over);
  void learn_from(NodeId node);
  [[nodiscard]] NodeId who_abstained(const AppendError& error);
  void take_turn();
  void look_after_all();
  void look_after(Waiting& waiting);
  void ask_again(Waiting& waiting);
  void take_token(NodeId from, const delegation::Heading& heading);
  void on_answer(NodeId from, const delegation::Answer& answer);
  void obey(WaitingMap::iterator waiting, NodeId from, const delegation::Answer& answer);
  void on_settled(WaitingMap::iterator waiting, RoundNum round);
  void on_not_leader(Waiting& waiting, NodeId from, NodeId leader);
  void on_strange(Waiting& waiting, NodeId from);
  void on_outdated(Waiting& waiting, NodeId from, std::uint32_t attempt);
  void on_failure(WaitingMap::iterator waiting, AppendError error, bool curable);
  void on_applied(const Applied& applied);
  void on_installed(RoundNum round);
  void finish(WaitingMap::iterator waiting, AppendError error);
  void finish(WaitingMap::iterator waiting, AppendReceipt receipt);
  [[nodiscard]] std::optional<NodeId> next_member(bool voting, NodeId except);
  void wake(Timestamp at) { due_ = at < due_ ? at : due_; }

  // --- The server (delegation_server.cpp) ---
  void refuse(NodeId from, const delegation::Heading& heading,
              const delegation::Forward& forward);
  void on_forward(NodeId from, delegation::Forward forward);
  void serve(NodeId origin, delegation::ForwardedEntry forwarded, Importance importance);
  void on_served(NodeId origin, const EntryId& id, std::uint32_t attempt,
                 const absl::StatusOr<AppendReceipt>& result);
  void answer(NodeId origin, const delegation::Answer& answer);

  Options options_;
  TrackLeadership* leadership_;
  DecorationContext* context_ = nullptr;  // Lives as long as the node.
  NodeId self_;
  bool leading_ = false;
  bool active_ = false;
  bool stopped_ = false;
  bool leadership_changed_ = false;
  RoundNum applied_;

  NodeId suspect_;  // Did not answer, or says that it does not lead.
  Timestamp suspected_at_;

  WaitingMap waiting_;
  std::uint64_t last_serial_ = 0;
  Timestamp turn_at_ = Timestamp::max();
  Timestamp leading_until_;  // This node took its turn: what comes meanwhile stays here.
  Timestamp due_ = Timestamp::max();
  std::size_t rotation_ = 0;
  Timestamp learned_at_;

  std::map<std::pair<EntryId, NodeId>, std::uint32_t> served_;  // For whom, and which sending.
  std::map<NodeId, Admission> admitted_;                        // By the tokens that were given.
  std::map<NodeId, std::uint64_t> tokens_;                      // That were got.
  std::vector<Parcel> parcels_;
  std::uint64_t epoch_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint32_t last_attempt_ = 0;  // One for all appends: two may share an id.
};

}  // namespace synod
