// File: bound_handler.hpp
//
// A completion handler together with the executor that it is to be called on.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <utility>

#include <asio/associated_executor.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>

namespace synod {

enum class Completion : std::uint8_t {
  kPosted,  // The handler is on its way, to an executor of its own.
  kHeld,    // Whoever completed it calls the handler later, by deliver().
};

// Posts the call to the handler's associated executor, which it keeps at work until then. The type
// of the executor is kept, because a future's is more than it seems. Called at most once; without a
// call the handler is destroyed unheard, as Asio does when a context ends.
template <class Handler, class Executor, class Result>
class BoundHandler {
 public:
  static constexpr Completion kCompletion = Completion::kPosted;

  BoundHandler(Handler handler, Executor executor)
      : executor_(std::move(executor)), handler_(std::move(handler)) {}

  void operator()(Result result) {
    // What is left here afterwards must not keep the executor at work.
    const Executor executor = std::move(executor_);
    asio::post(executor, [handler = std::move(handler_), value = std::move(result)]() mutable {
      std::move(handler)(std::move(value));
    });
  }
  void deliver() {}

 private:
  Executor executor_;
  Handler handler_;
};

// A handler without an executor of its own, and its result until whoever holds both calls the one
// with the other. It costs no executor, whose copies are allocated.
template <class Handler, class Result>
class HeldHandler {
 public:
  static constexpr Completion kCompletion = Completion::kHeld;

  explicit HeldHandler(Handler handler) : handler_(std::move(handler)) {}

  void operator()(Result result) { result_.emplace(std::move(result)); }
  void deliver() { std::move(handler_)(*std::move(result_)); }

 private:
  Handler handler_;
  std::optional<Result> result_;
};

namespace bound_handler_detail {

struct NoExecutor {};

}  // namespace bound_handler_detail

// Whether the handler says where it wants to be called.
template <class Handler>
inline constexpr bool has_own_executor =
    !std::same_as<asio::associated_executor_t<Handler, bound_handler_detail::NoExecutor>,
                  bound_handler_detail::NoExecutor>;

// `fallback` serves a handler without an executor of its own.
template <class Result, class Handler, class Fallback>
[[nodiscard]] auto bind_handler(Handler handler, const Fallback& fallback) {
  auto executor = asio::prefer(asio::get_associated_executor(handler, fallback),
                               asio::execution::outstanding_work.tracked);
  return BoundHandler<Handler, decltype(executor), Result>(std::move(handler), std::move(executor));
}

}  // namespace synod
