// The parts of the TCP communicator that need no socket.
#include "host/tcp_address.hpp"
#include "host/tcp_frames.hpp"
#include "host/tcp_hello.hpp"
#include "host/tcp_send_queue.hpp"

#include <synod/wire.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace synod::tcp_detail {
namespace {

Frame frame_of(char letter, std::size_t size) {
  return std::make_shared<const Bytes>(size, static_cast<std::byte>(letter));
}

std::string gathered(const TcpSendQueue& queue) {
  std::array<iovec, 16> parts;
  const TcpSendQueue::Gathered found = queue.gather(parts);
  std::string text;
  for (std::size_t i = 0; i < found.parts; ++i) {
    text.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  }
  EXPECT_EQ(text.size(), found.bytes);
  return text;
}

TEST(TcpAddress, is_taken_apart) {
  EXPECT_EQ(parse_address("node:7101"), (HostAndPort{"node", "7101"}));
  EXPECT_EQ(parse_address("127.0.0.1:0"), (HostAndPort{"127.0.0.1", "0"}));
  EXPECT_EQ(parse_address("[::1]:80"), (HostAndPort{"::1", "80"}));
  EXPECT_EQ(parse_address(":80"), (HostAndPort{"", "80"}));
  for (const char* none : {"", "node", "node:", "node:x", "node:65536", "node:-1", "::1", "[::1]"}) {
    EXPECT_EQ(parse_address(none), std::nullopt) << none;
  }
}

TEST(TcpHello, reads_what_it_wrote) {
  const Hello hello = {kFormatVersion, ClusterId(1), NodeId(2), Incarnation(3), 4};
  Hello read;
  ASSERT_EQ(decode_hello(encode_hello(hello), read), HelloStatus::kSound);
  EXPECT_EQ(read.cluster, hello.cluster);
  EXPECT_EQ(read.id, hello.id);
  EXPECT_EQ(read.incarnation, hello.incarnation);
  EXPECT_EQ(read.session, hello.session);
}

TEST(TcpSendQueue, past_a_bound_the_oldest_goes) {
  TcpSendQueue by_count(1000, 2);
  EXPECT_EQ(by_count.push(frame_of('a', 1)) + by_count.push(frame_of('b', 1)), 0u);
  EXPECT_EQ(by_count.push(frame_of('c', 1)), 1u);
  EXPECT_EQ(gathered(by_count), "bc");

  TcpSendQueue by_bytes(10, 100);
  for (const char letter : {'a', 'b', 'c'}) by_bytes.push(frame_of(letter, 3));
  EXPECT_EQ(by_bytes.push(frame_of('d', 6)), 2u);
  EXPECT_EQ(gathered(by_bytes), "cccdddddd");
  EXPECT_EQ(by_bytes.bytes(), 9u);
}

TEST(TcpSendQueue, a_frame_that_is_partly_written_stays) {
  TcpSendQueue queue(10, 100);
  queue.push(frame_of('a', 5));
  queue.push(frame_of('b', 5));
  EXPECT_EQ(queue.written(2), 0u);
  EXPECT_EQ(queue.push(frame_of('c', 5)), 1u);
  EXPECT_EQ(gathered(queue), "aaaccccc");
  queue.start_anew();
  EXPECT_EQ(gathered(queue), "aaaaaccccc");
}

TEST(TcpSendQueue, one_frame_beyond_the_bound_may_wait_alone) {
  TcpSendQueue queue(10, 100);
  queue.push(frame_of('a', 1));
  EXPECT_EQ(queue.push(frame_of('b', 50)), 1u);
  EXPECT_EQ(queue.size(), 1u);
}

TEST(TcpSendQueue, counts_frames_as_they_are_completed) {
  TcpSendQueue queue(1000, 100);
  for (const char letter : {'a', 'b', 'c'}) queue.push(frame_of(letter, 4));
  EXPECT_EQ(queue.written(9), 2u);
  EXPECT_EQ(gathered(queue), "ccc");
  EXPECT_EQ(queue.written(3), 1u);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
}

// Feeds `bytes` in pieces of `piece` as a socket would.
std::vector<Received> fed(TcpFrames& frames, std::span<const std::byte> bytes, std::size_t piece) {
  std::vector<Received> received;
  while (!bytes.empty()) {
    const std::span<std::byte> room = frames.room();
    const std::size_t size = std::min({piece, room.size(), bytes.size()});
    EXPECT_GT(size, 0u);
    std::memcpy(room.data(), bytes.data(), size);
    frames.filled(size);
    bytes = bytes.subspan(size);
    EXPECT_EQ(frames.take(ClusterId(1), NodeId(2), received).fault, StreamFault::kNone);
  }
  return received;
}

TEST(TcpFrames, pieces_of_any_size_give_the_same_messages) {
  const Envelope envelope = {.cluster = ClusterId(1), .from = NodeId(2), .incarnation = Incarnation(3)};
  Bytes bytes;
  for (std::size_t i = 0; i < 300; ++i) {
    encode_frame(envelope, Note{std::to_string(i), Payload::copy_of(std::string(i * i % 5000, 'x'))},
                 bytes);
  }
  for (const std::size_t piece : {1u, 7u, 44u, 45u, 1000u, 1u << 20}) {
    TcpFrames frames(Limits(), 1024);
    const std::vector<Received> received = fed(frames, bytes, piece);
    ASSERT_EQ(received.size(), 300u) << piece;
    for (std::size_t i = 0; i < received.size(); ++i) {
      const Note& note = std::get<Note>(received[i].message);
      EXPECT_EQ(note.name, std::to_string(i));
      EXPECT_EQ(note.bytes.size(), i * i % 5000);
      EXPECT_EQ(received[i].incarnation, Incarnation(3));
    }
  }
}

TEST(TcpFrames, memory_grows_only_with_what_came) {
  Bytes bytes;
  const Envelope envelope = {.cluster = ClusterId(1), .from = NodeId(2), .incarnation = Incarnation(3)};
  encode_frame(envelope, Note{"large", Payload::copy_of(std::string(4'000'000, 'x'))}, bytes);
  TcpFrames frames(Limits(), 1024);
  std::size_t came = 0;
  for (const std::size_t next : {std::size_t{44}, std::size_t{1000}, std::size_t{100'000}}) {
    EXPECT_TRUE(fed(frames, std::span(bytes).subspan(came, next), 512).empty());
    came += next;
    EXPECT_LE(frames.capacity(), std::max<std::size_t>(4 * came, 1024));
  }
  EXPECT_EQ(fed(frames, std::span(bytes).subspan(came), 512).size(), 1u);
  EXPECT_FALSE(frames.room().empty());
  EXPECT_EQ(frames.capacity(), 1024u) << "and what grew far is given back";
}

}  // namespace
}  // namespace synod::tcp_detail
