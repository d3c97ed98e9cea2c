// File: tcp_communicator.hpp
//
// Messages over TCP. One connection per pair of nodes is kept: whoever has none dials, and dials again,
// ever more slowly, until there is one; where both dialled at once, the lower id's stays. So it forms
// again whichever side restarts, and a node whose address nobody knows yet is answered over the
// connection that it dialled. docs/formats/tcp.md shows the bytes.
//
// Whoever knows the cluster's id and can reach the port may speak: this keeps out accidents, not
// attackers, so the port belongs on a network of the cluster's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <absl/status/status.h>

#include <synod/asio_runtime.hpp>
#include <synod/communicator.hpp>
#include <synod/limits.hpp>

namespace synod {

struct TcpOptions {
  // frame_bytes_max bounds what one frame may take, here and there.
  Limits limits = {};
  // What may wait to be written to one peer; past either, the oldest goes. A frame that is larger by
  // itself may still wait alone.
  std::uint64_t queue_bytes_max = 32u << 20;
  std::uint32_t queue_frames_max = 65'536;
  // Accepted sockets that have not said yet who they are; past it, the oldest goes.
  std::uint32_t handshakes_max = 64;
  // Connected nodes that are not among those given to reach(); past it, new ones are refused.
  std::uint32_t guests_max = 64;
  // From dialling, or accepting, to the end of the handshake.
  Duration handshake_timeout = std::chrono::seconds(5);
  // Before dialling again: drawn between zero and a bound that doubles with each failure, between
  // these two. Only a completed handshake takes it back to the first.
  Duration redial_min = std::chrono::milliseconds(50);
  Duration redial_max = std::chrono::seconds(1);
  // A connection ends when what was sent stays unacknowledged for this long.
  Duration unacknowledged_max = std::chrono::seconds(10);
  // What is read at once, unless a longer frame is on its way.
  std::uint32_t read_bytes = 64u << 10;
  // For the draws before dialling; 0: from the system.
  std::uint64_t seed = 0;
};

// Counters since the construction; they only grow.
struct TcpStats {
  std::uint64_t dialled = 0;
  std::uint64_t accepted = 0;
  std::uint64_t handshakes_completed = 0;
  std::uint64_t closed = 0;                // Of those that were dialled or accepted.

  // Why a connection was closed, or not let in.
  std::uint64_t handshakes_timed_out = 0;
  std::uint64_t handshakes_dropped = 0;    // There were handshakes_max of them.
  std::uint64_t guests_refused = 0;        // There were guests_max of them.
  std::uint64_t strangers = 0;             // No such handshake, another cluster, or not whom we dialled.
  std::uint64_t other_versions = 0;
  std::uint64_t frames_too_long = 0;
  std::uint64_t frames_damaged = 0;        // Not a frame, a wrong checksum, or not the peer's own.

  std::uint64_t frames_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t writes = 0;                // System calls that wrote something.
  std::uint64_t frames_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t reads = 0;                 // System calls that read something.

  // Messages that went nowhere.
  std::uint64_t frames_dropped = 0;        // The queue to their receiver was full.
  std::uint64_t frames_refused = 0;        // Longer than frame_bytes_max.
  std::uint64_t frames_unknown = 0;        // Of a kind that this version does not know.
  std::uint64_t receivers_unknown = 0;
};

// Everything is called on the strand, except the constructor and listen(), which may come before
// anything runs on it. Destroy it there too, or while nothing runs; that never blocks.
class TcpCommunicator final : public Communicator {
 public:
  // Will listen at `address`: "host:port", "[::1]:port", or ":port" for all interfaces.
  TcpCommunicator(Strand strand, std::string address, TcpOptions options = {});
  ~TcpCommunicator() override;
  TcpCommunicator(const TcpCommunicator&) = delete;
  TcpCommunicator& operator=(const TcpCommunicator&) = delete;

  // Binds the port; from here on others' connections wait. Before start(); may resolve a name, and
  // then blocks. kInvalidArgument for an address that is none, kUnavailable where it is in use or
  // not this machine's; both name the address.
  [[nodiscard]] absl::Status listen();
  // The port that was bound, which for port 0 the system chose; 0 before listen().
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] const TcpStats& stats() const;
  // Whether a connection to `id` is up.
  [[nodiscard]] bool is_connected(NodeId id) const;

  // Requires: listen() succeeded.
  void start(const LocalIdentity& self, Receiver& receiver) override;
  void send(std::span<const Outgoing> turn) override;
  void reach(const std::vector<Member>& members) override;
  void stop() override;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace synod
