// File: delegation_note.hpp
//
// What nodes say to each other about delegated appends. Everything is a datagram.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <synod/append.hpp>
#include <synod/bytes.hpp>
#include <synod/entry.hpp>
#include <synod/types.hpp>

namespace synod::delegation {

// One sending of one entry. `attempt` counts the sendings of an append; the answer repeats it.
struct ForwardedEntry {
  Entry entry;
  RoundRange rounds;
  Duration time_left = Duration::zero();
  std::uint32_t attempt = 0;

  friend bool operator==(const ForwardedEntry&, const ForwardedEntry&) = default;
};

struct Forward {
  NodeId origin;         // Whom to answer.
  bool relayed = false;  // It came over a third node, and goes no further.
  bool lead = false;     // The origin may not lead: lead in its place where nobody does.
  std::vector<ForwardedEntry> entries;

  friend bool operator==(const Forward&, const Forward&) = default;
};

enum class AnswerKind : std::uint8_t {
  kWorking,    // An earlier sending of it is being served; this one is spent.
  kSettled,    // In `round`.
  kNotLeader,  // Nothing was done with it. `leader` may do it, where one is known.
  kFailed,     // `error`.
  kStrange,    // Nothing was done with it, nor will be: it came without a token.
  kOutdated,   // It came with a token that is not in force any more, and is not obeyed; it may have
               // been before, by an earlier process or under that token.
};
struct Answer {
  EntryId id;
  std::uint32_t attempt = 0;
  AnswerKind kind = AnswerKind::kWorking;
  RoundNum round;
  NodeId leader;
  AppendError error;  // Without what voters attached.
};

// A forward is obeyed only with the token that its receiver last gave to its sender, and once:
// every message has a number of its own. An answer brings the token that its receiver may use.
struct Heading {
  std::uint64_t epoch = 0;   // Of the process that uses the token.
  std::uint64_t token = 0;   // 0: none yet.
  std::uint64_t number = 0;  // Of a forward: rises with each one of a process.
  bool is_forward = false;
};

void encode(const Heading& heading, ByteWriter& out);
void encode_heading(const Forward& forward, ByteWriter& out);  // All but the entries.
void encode(const ForwardedEntry& entry, ByteWriter& out);
void encode(const Answer& answer, ByteWriter& out);

// Each reads until the end of the message; `in` has failed where it is not well formed.
void decode(ByteReader& in, Heading& heading);
void decode(ByteReader& in, Forward& forward);
void decode(ByteReader& in, std::vector<Answer>& answers);

}  // namespace synod::delegation
