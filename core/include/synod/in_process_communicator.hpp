// File: in_process_communicator.hpp
//
// Nodes of one process that talk to each other without sockets, over a network that loses, repeats
// and delays as much as one asks for: for prototypes and examples. (For tests that replay, see the
// simulator: here the threads' timing decides.)
//
//   synod::InProcessNetwork network({.loss = 0.1, .delay_max = std::chrono::milliseconds(5)});
//   std::unique_ptr<synod::Communicator> communicator = network.connect(strand);
#pragma once

#include <cstdint>
#include <memory>

#include <synod/asio_runtime.hpp>
#include <synod/communicator.hpp>

namespace synod {

struct InProcessOptions {
  // Probabilities in [0, 1] that a message to one receiver is lost, or comes twice.
  double loss = 0;
  double duplication = 0;
  // Each message takes a time between the two, and so may overtake another. With none it arrives in
  // order, together with all others of its turn.
  Duration delay_min = Duration(0);
  Duration delay_max = Duration(0);
  std::uint64_t seed = 1;
};

// Whoever is connected and started is reachable by its id; reach() and addresses mean nothing here.
// Clusters do not hear each other. Thread-safe; may go before its communicators.
class InProcessNetwork {
 public:
  explicit InProcessNetwork(const InProcessOptions& options = {});
  ~InProcessNetwork();
  InProcessNetwork(const InProcessNetwork&) = delete;
  InProcessNetwork& operator=(const InProcessNetwork&) = delete;

  // A communicator of a node that runs on `strand`. A second one that starts with the same cluster
  // and id takes the place of the first.
  [[nodiscard]] std::unique_ptr<Communicator> connect(Strand strand);

  // Counters since the construction.
  [[nodiscard]] std::uint64_t delivered() const;
  [[nodiscard]] std::uint64_t lost() const;

 private:
  class Implementation;
  class Connection;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace synod
