// File: communicator.hpp
//
// How messages travel. A communicator has datagram semantics: it may lose, repeat, reorder and delay,
// and it never forges. The node does the rest, which is what makes one short to write
// (docs/how-to/communicator.md; the contract test is synod/testing/communicator_contract.hpp).
#pragma once

#include <span>
#include <vector>

#include <synod/cluster.hpp>
#include <synod/message.hpp>
#include <synod/types.hpp>

namespace synod {

// What every message says of its sender.
struct LocalIdentity {
  ClusterId cluster;
  NodeId id;
  Incarnation incarnation;
};

// A message that came in from somebody of the same cluster and format version.
struct Received {
  NodeId from;
  Incarnation incarnation;
  Message message;
};

// The node's side. All that is at hand should come in one call: it makes one turn of the node, with
// one write and one sending.
class Receiver {
 public:
  virtual ~Receiver() = default;
  // Takes the messages out of `received`. On the node's thread only, and never from inside send().
  virtual void receive(std::span<Received> received) = 0;
};

// Everything is called on the node's thread.
class Communicator {
 public:
  virtual ~Communicator() = default;
  // Called once, before anything else. `receiver` outlives stop().
  virtual void start(const LocalIdentity& self, Receiver& receiver) = 0;
  // Sends each message to each of its receivers: everything that one turn of the node has to say, so
  // that what goes to one peer can leave with one system call. Encode a message once for all its
  // receivers. A receiver that is not known is passed over. Must not call the receiver.
  virtual void send(std::span<const Outgoing> turn) = 0;
  // The members that the node may want to talk to from now on, with their addresses; also those that
  // left but may still ask. Called on every change.
  virtual void reach(const std::vector<Member>& members) = 0;
  // Nothing is received after it, nothing more is sent.
  virtual void stop() = 0;
};

}  // namespace synod
