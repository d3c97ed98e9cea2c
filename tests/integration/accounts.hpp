// File: integration/accounts.hpp
//
// A small state, and nodes of it over TCP on this machine.
#pragma once

#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/use_future.hpp>
#include <cereal/types/map.hpp>

#include <synod/decorations/delegation.hpp>
#include <synod/decorations/heartbeats.hpp>
#include <synod/decorations/track_leadership.hpp>
#include <synod/node.hpp>
#include <synod/status.hpp>

namespace synod::test {

struct Deposit {
  EntryId entry_id;
  std::int64_t amount = 0;

  [[nodiscard]] EntryId id() const { return entry_id; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(entry_id.high, entry_id.low, amount);
  }
};

struct Account {
  using Entry = Deposit;
  using Outcome = std::int64_t;

  Outcome apply(const ApplyContext&, const Deposit& deposit) {
    total += deposit.amount;
    outcomes[deposit.entry_id.low] = total;
    return total;
  }
  std::optional<Outcome> repeat(const EntryId& id) const {
    const auto found = outcomes.find(id.low);
    return found != outcomes.end() ? std::optional(found->second) : std::nullopt;
  }
  std::uint64_t digest() const { return static_cast<std::uint64_t>(total); }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(total, outcomes);
  }

  std::int64_t total = 0;
  std::map<std::uint64_t, std::int64_t> outcomes;
};

struct Save {
  using Result = std::string;
  std::int64_t amount = 0;

  [[nodiscard]] Deposit entry() const { return {{3, static_cast<std::uint64_t>(amount)}, amount}; }
  static Result project(const Account::Outcome& total) { return "now " + std::to_string(total); }
};

inline std::int64_t total_of(const Account& account) { return account.total; }
inline Deposit deposit(std::uint64_t low, std::int64_t amount) { return {{7, low}, amount}; }

inline std::optional<AppendErrorKind> kind_of_error(const absl::Status& status) {
  const std::optional<AppendError> error = append_error(status);
  return error.has_value() ? std::optional(error->kind) : std::nullopt;
}

// Ports that were free a moment ago.
inline std::vector<Member> members_on_free_ports(std::size_t count) {
  asio::io_context io;
  std::vector<asio::ip::tcp::acceptor> held;
  std::vector<Member> members;
  for (std::size_t i = 0; i < count; ++i) {
    held.emplace_back(io, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    members.push_back(
        {.id = NodeId(i + 1),
         .address = "127.0.0.1:" + std::to_string(held.back().local_endpoint().port())});
  }
  return members;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / "synod-node-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] std::string part(NodeId id) const { return path_ + "/" + to_string(id); }

 private:
  std::string path_;
};

using AccountNode = Node<Account>;

inline NodeOptions options_of(NodeId id, const std::vector<Member>& members) {
  return {.id = id, .cluster = "accounts", .members = members, .found_alone = members.size() == 1};
}

inline std::unique_ptr<AccountNode> make_node(asio::io_context& io, NodeId id,
                                              const std::vector<Member>& members,
                                              StorageFactory storage) {
  auto node = std::make_unique<AccountNode>(
      io, options_of(id, members), tcp(members[id.value() - 1].address), std::move(storage));
  TrackLeadership& leadership = node->decorate<TrackLeadership>();
  node->decorate<Heartbeats>({}, leadership);
  node->decorate<Delegation>({}, leadership);
  return node;
}

// An io_context with threads of its own, which end when nothing is left to do.
class Threads {
 public:
  explicit Threads(int count = 2) : work_(io.get_executor()) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this] { io.run(); });
    }
  }
  ~Threads() { finish(); }
  // Returns once everything has ended by itself.
  void finish() {
    work_.reset();
    for (std::thread& thread : threads_) {
      thread.join();
    }
    threads_.clear();
  }

  asio::io_context io;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

class Cluster3 {
 public:
  explicit Cluster3(asio::io_context& io) : Cluster3(io, [](NodeId) { return memory(); }) {}
  template <class MakeStorage>
  Cluster3(asio::io_context& io, MakeStorage storage) : members(members_on_free_ports(3)) {
    std::vector<std::future<absl::Status>> started;
    for (const Member& member : members) {
      nodes.push_back(make_node(io, member.id, members, storage(member.id)));
      started.push_back(nodes.back()->async_start(asio::use_future));
    }
    for (auto& start : started) {
      const absl::Status status = start.get();
      EXPECT_TRUE(status.ok()) << status;
    }
  }
  void shut_down() {
    std::vector<std::future<absl::Status>> ended;
    for (auto& node : nodes) {
      ended.push_back(node->async_shut_down(asio::use_future));
    }
    for (auto& end : ended) {
      EXPECT_TRUE(end.get().ok());
    }
  }

  std::vector<Member> members;
  std::vector<std::unique_ptr<AccountNode>> nodes;
};

}  // namespace synod::test
