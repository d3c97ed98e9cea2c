// What the machine itself can do: the sides that a cluster's figures are held against. Each
// function is the body of a child process.
#pragma once

#include <cstdint>
#include <string>

#include "cluster/process.hpp"

namespace synod::bench {

// Connected stream sockets over TCP on loopback, without Nagle's delay; `near` and `far` are the
// ends.
struct Connection {
  Connection();
  int near = -1;
  int far = -1;
};

// Asio: sends messages, and counts those that come back.
void run_echo_client(Control& control, int socket);
void run_echo_server(Control& control, int socket);

// Bare sockets: the leader sends each message to both followers and waits for the first answer,
// which is eight bytes for each message.
void run_fan_out_leader(Control& control, int first, int second);
void run_fan_out_follower(Control& control, int socket);

// Writes messages one after the other into a file that was written before, each with an fdatasync.
void run_syncs(Control& control, const std::string& path);

}  // namespace synod::bench
