// Obeys the parent within an io_context.
#pragma once

#include <functional>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "cluster/process.hpp"

namespace synod::bench {

class AsioControl {
 public:
  // Calls `obey` on the context's thread for each command, once start() was called.
  AsioControl(asio::io_context& io, Control& control, std::function<void(const Command&)> obey)
      : control_(control), socket_(io, control.descriptor()), obey_(std::move(obey)) {}

  // Tells the parent that the child is ready.
  void start() {
    control_.answer({});
    wait();
  }
  void answer(const Sample& sample) const { control_.answer(sample); }

 private:
  void wait() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this](asio::error_code error) {
      Command command;
      if (error) return;
      if (control_.receive(command, false)) obey_(command);
      wait();
    });
  }

  Control& control_;
  asio::posix::stream_descriptor socket_;
  std::function<void(const Command&)> obey_;
};

}  // namespace synod::bench
