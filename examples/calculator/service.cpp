#include "service.hpp"

#include <random>
#include <utility>
#include <variant>

#include <asio/bind_executor.hpp>
#include <asio/use_awaitable.hpp>
#include <synod/decorations/catch_up.hpp>
#include <synod/decorations/delegation.hpp>
#include <synod/decorations/heartbeats.hpp>
#include <synod/status.hpp>

namespace calculator {
namespace {

std::uint64_t system_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) ^ device();
}

Reading read_all(const Calculator& state) {
  return {state.value(), state.round(), state.operations()};
}

}  // namespace

Service::Service(asio::io_context& io, ServiceOptions options, std::function<void(std::string)> log)
    : log_(std::move(log)),
      prng_(system_seed()),
      node_(io, std::move(options.node), synod::tcp(std::move(options.address)),
            synod::journal(std::move(options.directory))) {
  decorate();
  observe();
}

// The decoration that is added last is asked first: an append goes to the leader before anything else.
void Service::decorate() {
  auto& leadership = node_.decorate<synod::TrackLeadership>();
  leadership.subscribe([this](std::optional<synod::NodeId> leader) {
    leader_ = leader.value_or(synod::NodeId()).value();
    log_("leader=" + (leader.has_value() ? synod::to_string(*leader) : std::string("none")));
  });
  node_.decorate<synod::Heartbeats>({}, leadership);
  node_.decorate<synod::CatchUp>();
  node_.decorate<synod::Delegation>({}, leadership);
}

void Service::observe() {
  node_.on_event([this](const synod::Event& event) { on(event); });
}

void Service::on(const synod::Event& event) {
  if (std::holds_alternative<synod::ParticipationChanged>(event)) {
    report_participation();
  } else if (const auto* standing = std::get_if<synod::StandingChanged>(&event)) {
    log_("status=" + std::string(synod::to_string(standing->after)));
  } else if (const auto* warning = std::get_if<synod::Warning>(&event)) {
    log_("warning: " + warning->text);
  } else if (const auto* violation = std::get_if<synod::Violation>(&event)) {
    log_("violation: " + violation->text);
  } else if (const auto* ejected = std::get_if<synod::Ejected>(&event)) {
    log_("ejected round=" + synod::to_string(ejected->round) + ": " + ejected->reason);
  } else if (const auto* installed = std::get_if<synod::Installed>(&event)) {
    log_("installed a snapshot of round=" + synod::to_string(installed->round));
  }
}

void Service::report_participation() {
  node_.async_status([this](const synod::NodeStatus& status) { log_(participation_line(status)); });
}

asio::awaitable<absl::Status> Service::start() {
  const absl::Status started = co_await node_.async_start(asio::use_awaitable);
  if (started.ok()) report_participation();
  co_return started;
}

asio::awaitable<absl::Status> Service::shut_down() {
  co_return co_await node_.async_shut_down(asio::use_awaitable);
}

asio::awaitable<absl::Status> Service::wait_stopped() {
  co_return co_await node_.async_wait_stopped(asio::use_awaitable);
}

asio::awaitable<std::string> Service::answer(std::string line) {
  const Request request = parse_request(line);
  if (const auto* calculation = std::get_if<Calculation>(&request)) {
    co_return co_await answer(*calculation);
  }
  if (const auto* value = std::get_if<Value>(&request)) co_return co_await answer(*value);
  if (const auto* status = std::get_if<Status>(&request)) co_return co_await answer(*status);
  if (const auto* snapshot = std::get_if<Snapshot>(&request)) co_return co_await answer(*snapshot);
  if (std::holds_alternative<Help>(request)) co_return std::string(help_line());
  co_return "error " + std::get<NotUnderstood>(request).reason;
}

// What is passed to the node is named before: g++ 12 frees twice what is made inside a co_await.
asio::awaitable<std::string> Service::answer(const Calculation& calculation) {
  synod::AppendOptions options;
  options.id_minted_here = !calculation.id.has_value();
  options.last_round = calculation.before;
  options.timeout = calculation.within;
  const synod::EntryId id = calculation.id.has_value() ? *calculation.id : prng_.entry_id();
  Operation operation(calculation.kind, calculation.operand, id);
  const absl::StatusOr<Result> result = co_await node_.async_append(
      std::move(operation), std::move(options), asio::use_awaitable);
  if (result.ok()) co_return to_line(*result);
  const std::optional<synod::AppendError> error = synod::append_error(result.status());
  const bool expired = error.has_value() && error->kind == synod::AppendErrorKind::kExpired;
  // An earlier request with this id may have taken effect before the round was past.
  if (expired && calculation.id.has_value()) co_return "unknown expired";
  co_return failed_operation(result.status());
}

asio::awaitable<std::string> Service::answer(const Value& value) {
  synod::ReadOptions options(value.stale ? synod::kStale : synod::kLinearizable);
  options.timeout = value.within;
  const absl::StatusOr<Reading> reading =
      co_await node_.async_read(options, &read_all, asio::use_awaitable);
  co_return reading.ok() ? to_line(*reading) : failed_request(reading.status());
}

asio::awaitable<std::string> Service::answer(const Status&) {
  const synod::NodeStatus status = co_await node_.async_status(asio::use_awaitable);
  const synod::ReadOptions stale(synod::kStale);
  const absl::StatusOr<Reading> reading =
      co_await node_.async_read(stale, &read_all, asio::use_awaitable);
  std::optional<Reading> known;
  if (reading.ok()) known = *reading;
  const std::uint64_t leader = leader_;
  co_return status_line(status,
                        leader == 0 ? std::nullopt : std::optional(synod::NodeId(leader)), known);
}

asio::awaitable<std::string> Service::answer(const Snapshot&) {
  const absl::StatusOr<synod::SnapshotPtr> taken =
      co_await node_.async_take_snapshot(asio::use_awaitable);
  if (!taken.ok()) co_return failed_request(taken.status());
  co_return "ok snapshot round=" + synod::to_string((*taken)->round);
}

}  // namespace calculator
