#include "host/node_reach.hpp"

#include <algorithm>
#include <utility>

namespace synod {
namespace {

class ReachAlso final : public Communicator {
 public:
  ReachAlso(std::vector<Member> peers, std::unique_ptr<Communicator> inner)
      : peers_(std::move(peers)), inner_(std::move(inner)) {}

  void start(const LocalIdentity& self, Receiver& receiver) override {
    inner_->start(self, receiver);
  }
  void send(std::span<const Outgoing> turn) override { inner_->send(turn); }
  void reach(const std::vector<Member>& members) override {
    std::vector<Member> all = members;
    for (const Member& peer : peers_) {
      const auto same = [&peer](const Member& member) { return member.id == peer.id; };
      if (std::none_of(members.begin(), members.end(), same)) {
        all.push_back(peer);
      }
    }
    inner_->reach(all);
  }
  void stop() override { inner_->stop(); }

 private:
  std::vector<Member> peers_;
  std::unique_ptr<Communicator> inner_;
};

}  // namespace

std::unique_ptr<Communicator> reach_also(std::vector<Member> peers,
                                         std::unique_ptr<Communicator> inner) {
  return std::make_unique<ReachAlso>(std::move(peers), std::move(inner));
}

}  // namespace synod
