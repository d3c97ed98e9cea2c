// The contract test, run on the communicators that come with the library.
#include <synod/in_process_communicator.hpp>
#include <synod/tcp_communicator.hpp>
#include <synod/testing/communicator_contract.hpp>

#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <map>

namespace synod {
namespace {

using testing::CommunicatorContract;
using testing::CommunicatorWorld;

class InProcessWorld final : public CommunicatorWorld {
 public:
  explicit InProcessWorld(const InProcessOptions& options) : network_(options) {}
  std::unique_ptr<Communicator> make(NodeId) override {
    return network_.connect(Strand(io_.get_executor()));
  }
  std::string address(NodeId) override { return ""; }
  void run() override {
    io_.restart();
    io_.run();
  }

 private:
  asio::io_context io_;
  InProcessNetwork network_;
};

class TcpWorld final : public CommunicatorWorld {
 public:
  std::unique_ptr<Communicator> make(NodeId id) override {
    auto made = std::make_unique<TcpCommunicator>(
        Strand(io_.get_executor()), "127.0.0.1:" + std::to_string(ports_[id]), TcpOptions());
    const absl::Status listening = made->listen();
    EXPECT_TRUE(listening.ok()) << listening.message();
    ports_[id] = made->port();
    return made;
  }
  std::string address(NodeId id) override { return "127.0.0.1:" + std::to_string(ports_[id]); }
  void run() override {
    io_.restart();
    io_.run_one_for(std::chrono::milliseconds(10));
    io_.poll();
  }

 private:
  asio::io_context io_;
  std::map<NodeId, std::uint16_t> ports_;  // As the system chose them; the same after a restart.
};

INSTANTIATE_TEST_SUITE_P(Tcp, CommunicatorContract,
                         ::testing::Values([] { return std::make_unique<TcpWorld>(); }));
INSTANTIATE_TEST_SUITE_P(InProcess, CommunicatorContract, ::testing::Values([] {
                           return std::make_unique<InProcessWorld>(InProcessOptions());
                         }));
INSTANTIATE_TEST_SUITE_P(InProcessWithTrouble, CommunicatorContract, ::testing::Values([] {
                           return std::make_unique<InProcessWorld>(InProcessOptions{
                               .loss = 0.3, .duplication = 0.3, .delay_max = Duration(300)});
                         }));

}  // namespace
}  // namespace synod
