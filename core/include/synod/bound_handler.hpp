// File: bound_handler.hpp
//
// A completion handler together with the executor that it is to be called on.
#pragma once

#include <utility>

#include <asio/associated_executor.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>

namespace synod {

// Posts the call to the handler's associated executor, which it keeps at work until then. The type
// of the executor is kept, because a future's is more than it seems. Called at most once; without a
// call the handler is destroyed unheard, as Asio does when a context ends.
template <class Handler, class Executor, class Result>
class BoundHandler {
 public:
  BoundHandler(Handler handler, Executor executor)
      : executor_(std::move(executor)), handler_(std::move(handler)) {}

  void operator()(Result result) {
    // What is left here afterwards must not keep the executor at work.
    const Executor executor = std::move(executor_);
    asio::post(executor, [handler = std::move(handler_), value = std::move(result)]() mutable {
      std::move(handler)(std::move(value));
    });
  }

 private:
  Executor executor_;
  Handler handler_;
};

// `fallback` serves a handler without an executor of its own.
template <class Result, class Handler, class Fallback>
[[nodiscard]] auto bind_handler(Handler handler, const Fallback& fallback) {
  auto executor = asio::prefer(asio::get_associated_executor(handler, fallback),
                               asio::execution::outstanding_work.tracked);
  return BoundHandler<Handler, decltype(executor), Result>(std::move(handler), std::move(executor));
}

}  // namespace synod
