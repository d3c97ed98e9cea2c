#include "command_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace calculator {
namespace {

constexpr const char* kThree = "1=127.0.0.1:1001,2=[::1]:1002,3=host:1003";

TEST(ParseCommand, ReadsANode) {
  const Command command = parse_command(
      {"node", "--id", "2", "--cluster", kThree, "--data=some where", "--clients", ":0"});
  const auto* node = std::get_if<NodeCommand>(&command);
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(node->id, synod::NodeId(2));
  ASSERT_EQ(node->members.size(), 3u);
  EXPECT_EQ(node->members[1].address, "[::1]:1002");
  EXPECT_EQ(node->directory, "some where");
  EXPECT_EQ(node->clients, ":0");
  EXPECT_FALSE(node->found_alone);
}

TEST(ParseCommand, ReadsAClient) {
  const Command command = parse_command({"client", "--connect", "a:1,[::1]:2", "--timeout=500ms",
                                         "add", "-5", "mul 3", "-", "2", "value"});
  const auto* client = std::get_if<ClientCommand>(&command);
  ASSERT_NE(client, nullptr);
  ASSERT_EQ(client->nodes.size(), 2u);
  EXPECT_EQ(client->nodes[1].host, "::1");
  EXPECT_EQ(client->nodes[1].port, "2");
  EXPECT_EQ(client->timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(client->requests, (std::vector<std::string>{"add -5", "mul 3", "- 2", "value"}));
}

TEST(ParseCommand, GivesAClientFiveSecondsAndStandardInput) {
  const Command command = parse_command({"client", "--connect", "a:1"});
  const auto* client = std::get_if<ClientCommand>(&command);
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->timeout, std::chrono::seconds(5));
  EXPECT_TRUE(client->requests.empty());
}

TEST(ParseCommand, RefusesWrongUsage) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"nod"},
      {"node"},
      {"node", "--id"},
      {"node", "--id", "0", "--cluster", kThree, "--data", "d", "--clients", "a:1"},
      {"node", "--id", "4", "--cluster", kThree, "--data", "d", "--clients", "a:1"},
      {"node", "--id", "1", "--cluster", "1=nohost", "--data", "d", "--clients", "a:1"},
      {"node", "--id", "1", "--cluster", kThree, "--data", "", "--clients", "a:1"},
      {"node", "--id", "1", "--cluster", kThree, "--data", "d", "--clients", "a:70000"},
      {"node", "--id", "1", "--cluster", kThree, "--data", "d", "--clients", "a:1", "more"},
      {"node", "--id", "1", "--cluster", kThree, "--data", "d", "--clients", "a:1", "--verbose"},
      {"client"},
      {"client", "--connect", "a"},
      {"client", "--connect", "a:1,", "add", "5"},
      {"client", "--connect", "a:1", "--timeout", "soon"},
      {"client", "--connect", "a:1", "add"},
      {"client", "--connect", "a:1", "five"}};
  for (const auto& arguments : wrong) {
    const Command command = parse_command(arguments);
    ASSERT_TRUE(std::holds_alternative<WrongUsage>(command)) << ::testing::PrintToString(arguments);
    EXPECT_FALSE(std::get<WrongUsage>(command).reason.empty());
  }
}

TEST(ParseCommand, HelpsWhereAsked) {
  EXPECT_TRUE(std::holds_alternative<HelpCommand>(parse_command({"--help"})));
  EXPECT_TRUE(std::holds_alternative<HelpCommand>(parse_command({"node", "--help"})));
}

}  // namespace
}  // namespace calculator
