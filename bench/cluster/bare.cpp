#include "cluster/bare.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <vector>

#include "cluster/closed_loop.hpp"

namespace synod::bench {
namespace {

constexpr std::size_t kAnswerBytes = 8;
constexpr std::size_t kReadBytes = 64u << 10;
// How far the slower follower may fall behind.
constexpr std::uint64_t kBehindMax = 16'384;

template <class Result>
Result must(Result result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

// The leader of the fan-out. Messages are alike, so that what is unsent is a number of bytes.
class Leader {
 public:
  Leader(Control& control, int first, int second)
      : control_(control), poll_(must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
    followers_[0].socket = first;
    followers_[1].socket = second;
    watch(control.descriptor(), EPOLLIN, EPOLL_CTL_ADD);
    for (const Follower& follower : followers_) {
      must(fcntl(follower.socket, F_SETFL, O_NONBLOCK), "fcntl");
      watch(follower.socket, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  [[noreturn]] void run() {
    for (;;) {
      fill();
      epoll_event events[3];
      const int count = epoll_wait(poll_, events, 3, -1);
      for (int i = 0; i < count; ++i) on(events[i]);
    }
  }

 private:
  struct Follower {
    int socket = -1;
    std::uint64_t unsent = 0;    // Bytes.
    std::uint64_t received = 0;  // Bytes of answers.
    bool waits_for_room = false;
  };

  void watch(int socket, std::uint32_t events, int how) {
    epoll_event event = {};
    event.events = events;
    event.data.fd = socket;
    must(epoll_ctl(poll_, how, socket, &event), "epoll_ctl");
  }

  void fill() {
    const std::uint64_t slower = std::min(followers_[0].received, followers_[1].received);
    const std::uint32_t count = loop_.missing();
    if (count == 0 || sent_ - slower / kAnswerBytes > kBehindMax) return;
    began_.insert(began_.end(), count, monotonic_now());
    loop_.begin(count);
    sent_ += count;
    for (Follower& follower : followers_) {
      follower.unsent += count * kMessageBytes;
      flush(follower);
    }
  }

  void flush(Follower& follower) {
    while (follower.unsent > 0) {
      const std::size_t part = std::min<std::size_t>(follower.unsent, messages_.size());
      const ssize_t written = ::send(follower.socket, messages_.data(), part, MSG_NOSIGNAL);
      if (written < 0 && errno != EAGAIN) _exit(0);
      if (written < 0) break;
      follower.unsent -= static_cast<std::uint64_t>(written);
    }
    if (follower.waits_for_room != (follower.unsent > 0)) {
      follower.waits_for_room = follower.unsent > 0;
      const std::uint32_t room = follower.waits_for_room ? std::uint32_t{EPOLLOUT} : 0;
      watch(follower.socket, EPOLLIN | room, EPOLL_CTL_MOD);
    }
  }

  void on(const epoll_event& event) {
    if (event.data.fd == control_.descriptor()) return obey();
    Follower& follower = followers_[event.data.fd == followers_[0].socket ? 0 : 1];
    if ((event.events & EPOLLOUT) != 0) flush(follower);
    if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0) read_answers(follower);
  }

  void read_answers(Follower& follower) {
    const ssize_t got = recv(follower.socket, answers_.data(), answers_.size(), 0);
    if (got == 0) _exit(0);
    follower.received += static_cast<std::uint64_t>(std::max<ssize_t>(got, 0));
    if (follower.received / kAnswerBytes <= settled_) return;
    const std::int64_t now = monotonic_now();
    for (; settled_ < follower.received / kAnswerBytes; ++settled_) {
      loop_.end(began_.front(), now, true);
      began_.pop_front();
    }
  }

  void obey() {
    Command command;
    if (!control_.receive(command, false)) return;
    if (command.order == Order::kLoad) loop_.set(command.value);
    if (command.order == Order::kSample) control_.answer(loop_.sample());
  }

  Control& control_;
  int poll_;
  std::array<Follower, 2> followers_;
  ClosedLoop loop_;
  std::uint64_t sent_ = 0;
  std::uint64_t settled_ = 0;
  std::deque<std::int64_t> began_;
  std::vector<char> messages_ = std::vector<char>(1u << 20, 'm');
  std::vector<char> answers_ = std::vector<char>(kReadBytes);
};

}  // namespace

Connection::Connection() {
  const int listener = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  must(bind(listener, generic, size), "bind");
  must(listen(listener, 1), "listen");
  must(getsockname(listener, generic, &size), "getsockname");
  near = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(connect(near, generic, size), "connect");
  far = must(accept(listener, nullptr, nullptr), "accept");
  close(listener);
  const int on = 1;
  for (const int end : {near, far}) {
    must(setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "TCP_NODELAY");
  }
}

void run_fan_out_leader(Control& control, int first, int second) {
  Leader leader(control, first, second);
  control.answer({});
  leader.run();
}

void run_fan_out_follower(Control& control, int socket) {
  std::vector<char> received(kReadBytes);
  const std::vector<char> answers(received.size() / kMessageBytes * kAnswerBytes + kAnswerBytes);
  std::size_t part = 0;  // Bytes of a message that has not come as a whole.
  control.answer({});
  for (;;) {
    const ssize_t got = recv(socket, received.data(), received.size(), 0);
    if (got <= 0) _exit(0);
    part += static_cast<std::size_t>(got);
    const std::size_t bytes = part / kMessageBytes * kAnswerBytes;
    part %= kMessageBytes;
    if (bytes > 0 && ::send(socket, answers.data(), bytes, MSG_NOSIGNAL) < 0) _exit(0);
  }
}

void run_syncs(Control& control, const std::string& path) {
  constexpr std::size_t kFileBytes = 16u << 20;
  const std::vector<char> whole(kFileBytes, 's');
  const int file = must(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), "open");
  must(pwrite(file, whole.data(), whole.size(), 0), "write");
  must(fsync(file), "fsync");
  ClosedLoop loop;
  std::size_t at = 0;
  Command command;
  control.answer({});
  for (;;) {
    if (control.receive(command, loop.missing() == 0)) {
      if (command.order == Order::kLoad) loop.set(std::min(command.value, 1u));
      if (command.order == Order::kSample) control.answer(loop.sample());
      continue;
    }
    const std::int64_t began_at = monotonic_now();
    loop.begin();
    must(pwrite(file, whole.data(), kMessageBytes, static_cast<off_t>(at)), "write");
    must(fdatasync(file), "fdatasync");
    loop.end(began_at, monotonic_now(), true);
    at = (at + kMessageBytes) % kFileBytes;
  }
}

}  // namespace synod::bench
