// File: typed_append.hpp
//
// Between what an application appends and reads, typed, and what a node does with it, in bytes. Not
// for applications: they use synod/node.hpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <synod/bound_handler.hpp>
#include <synod/node_host.hpp>
#include <synod/state.hpp>
#include <synod/state_adapter.hpp>
#include <synod/status.hpp>

namespace synod {

namespace append_request {

template <class R, class S>
struct ResultOf {
  using Type = typename R::Result;
};
template <class R, class S>
requires std::same_as<R, typename S::Entry>
struct ResultOf<R, S> {
  using Type = typename S::Outcome;
};

[[nodiscard]] inline absl::Status happened(std::string detail) {
  AppendError error;
  error.kind = AppendErrorKind::kAlreadyApplied;
  error.fate = Fate::kHappened;
  error.detail = std::move(detail);
  return to_status(error);
}

template <class R, class S>
[[nodiscard]] std::string encode(const R& request, Entry& out) {
  // Kept from one append to the next; taken out while it is used, as the entry's own functions
  // might append as well.
  thread_local Bytes kept;
  constexpr std::size_t kKeptMax = 64u << 10;
  Bytes bytes = std::exchange(kept, {});
  bytes.clear();
  bool encoded = false;
  std::string failure = adapter::caught("making the entry", [&] {
    if constexpr (std::same_as<R, typename S::Entry>) {
      out.id = request.id();
      encoded = encode_value(request, bytes);
    } else {
      const typename S::Entry entry = request.entry();
      out.id = entry.id();
      encoded = encode_value(entry, bytes);
    }
  });
  if (failure.empty() && !encoded) {
    failure = "the entry cannot be serialised";
  }
  out.kind = EntryKind::kState;
  out.payload = Payload::copy_of(bytes);
  if (bytes.capacity() <= kKeptMax) kept = std::move(bytes);
  return failure;
}

}  // namespace append_request

// What appending an R gives.
template <class R, class S>
using AppendResult = typename append_request::ResultOf<R, S>::Type;

template <class S, class R, class Done>
class TypedAppend final : public PendingAppend {
 public:
  using Result = absl::StatusOr<AppendResult<R, S>>;

  TypedAppend(StateAdapter<S>& adapter, Done done) : adapter_(&adapter), done_(std::move(done)) {}

  Completion complete(const absl::StatusOr<AppendReceipt>& receipt) override {
    done_(result(receipt));
    return Done::kCompletion;
  }
  void deliver() override { done_.deliver(); }

 private:
  [[nodiscard]] Result result(const absl::StatusOr<AppendReceipt>& receipt) {
    std::optional<typename S::Outcome> outcome;
    if (expected) {
      outcome = adapter_->take(entry.id);
    }
    if (!receipt.ok()) {
      const std::optional<AppendError> error = append_error(receipt.status());
      const bool unseen = error.has_value() && (error->fate == Fate::kHappened ||
                                                error->kind == AppendErrorKind::kSkipped);
      outcome = unseen ? adapter_->repeat(entry.id) : std::nullopt;
      return outcome.has_value() ? project(*outcome) : Result(receipt.status());
    }
    if (!outcome.has_value()) {
      outcome = adapter_->repeat(entry.id);
    }
    return outcome.has_value() ? project(*outcome)
                               : Result(append_request::happened("the outcome is not known here"));
  }
  [[nodiscard]] static Result project(typename S::Outcome& outcome) {
    if constexpr (std::same_as<R, typename S::Entry>) {
      return Result(std::move(outcome));
    } else {
      std::optional<typename R::Result> projected;
      std::string failure =
          adapter::caught("project()", [&] { projected.emplace(R::project(outcome)); });
      return projected.has_value() ? Result(*std::move(projected))
                                   : Result(append_request::happened(std::move(failure)));
    }
  }

  StateAdapter<S>* adapter_;
  Done done_;
};

template <class S, class R, class Handler>
void begin_append(const NodeCorePtr& core, StateAdapter<S>& adapter, R request,
                  AppendOptions options, Handler handler) {
  using Result = absl::StatusOr<AppendResult<R, S>>;
  auto done = [&] {
    if constexpr (has_own_executor<Handler>) {
      return bind_handler<Result>(std::move(handler), node_calls::executor_of(core));
    } else {
      return HeldHandler<Handler, Result>(std::move(handler));
    }
  }();
  auto pending = std::make_unique<TypedAppend<S, R, decltype(done)>>(adapter, std::move(done));
  pending->options = std::move(options);
  const std::string failure = append_request::encode<R, S>(request, pending->entry);
  if (!failure.empty()) pending->refusal = absl::InvalidArgumentError(failure);
  node_calls::append(core, std::move(pending));
}

template <class S, class Function, class Handler>
void begin_read(const NodeCorePtr& core, StateAdapter<S>& adapter, ReadOptions options,
                Function function, Handler handler) {
  using Value = std::decay_t<std::invoke_result_t<Function&, const S&>>;
  using Result = absl::StatusOr<Value>;
  node_calls::read(
      core, options,
      [&adapter, function = std::move(function),
       done = bind_handler<Result>(std::move(handler), node_calls::executor_of(core))](
          absl::Status status) mutable {
        if (status.ok() && adapter.state() == nullptr) {
          status = absl::FailedPreconditionError("there is no state");
        }
        if (!status.ok()) {
          return done(Result(std::move(status)));
        }
        std::optional<Value> value;
        const std::string failure = adapter::caught(
            "the reading function", [&] { value.emplace(function(*adapter.state())); });
        done(value.has_value() ? Result(*std::move(value)) : Result(absl::InternalError(failure)));
      });
}

}  // namespace synod
