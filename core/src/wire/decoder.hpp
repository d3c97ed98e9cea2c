// Reads the values that messages and records are made of: what encode.hpp wrote, and nothing else.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <synod/bytes.hpp>
#include <synod/cluster.hpp>
#include <synod/entry.hpp>
#include <synod/limits.hpp>
#include <synod/message.hpp>
#include <synod/voter.hpp>

namespace synod::wire {

// Gives payloads the bytes that they share.
class PayloadSource {
 public:
  // `body` belongs to `owner`; without one it is copied when the first payload is taken out of it.
  PayloadSource(std::shared_ptr<const void> owner, std::span<const std::byte> body)
      : owner_(std::move(owner)), body_(body), shared_(body.data()) {}

  // Gives each payload an allocation of its own.
  [[nodiscard]] static PayloadSource of_copies() { return PayloadSource(); }

  // Requires: `part` lies in the body.
  [[nodiscard]] Payload take(std::span<const std::byte> part) {
    if (part.empty()) return {};
    if (copies_) return Payload::copy_of(part);
    if (!owner_) copy_body();
    return Payload(owner_, {shared_ + (part.data() - body_.data()), part.size()});
  }

 private:
  PayloadSource() : copies_(true) {}
  void copy_body();

  bool copies_ = false;
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> body_;
  const std::byte* shared_ = nullptr;  // Where the body starts in what `owner_` owns.
};

// A ByteReader that knows our values. After a failure everything it gives is empty or zero.
class Decoder {
 public:
  Decoder(ByteReader& in, PayloadSource& payloads) : in_(in), payloads_(payloads) {}

  [[nodiscard]] std::uint8_t u8() { return in_.u8(); }
  [[nodiscard]] std::uint64_t u64() { return in_.u64(); }
  [[nodiscard]] std::uint64_t varint() { return in_.varint(); }
  [[nodiscard]] bool boolean() { return in_.boolean(); }
  template <class Integer>
  [[nodiscard]] Integer small() {
    const std::uint64_t value = in_.varint();
    if (value > std::numeric_limits<Integer>::max()) in_.fail();
    return in_.ok() ? static_cast<Integer>(value) : Integer(0);
  }
  // An enumerator, of which `last` is the last.
  template <class Enum>
  [[nodiscard]] Enum enumerator(Enum last) {
    const std::uint8_t value = in_.u8();
    if (value > static_cast<std::uint8_t>(last)) in_.fail();
    return in_.ok() ? static_cast<Enum>(value) : Enum(0);
  }
  [[nodiscard]] RoundNum round() { return RoundNum(in_.varint()); }
  [[nodiscard]] Incarnation incarnation() { return Incarnation(in_.u64()); }
  [[nodiscard]] CoordNum coord();
  [[nodiscard]] EntryId id();
  [[nodiscard]] Duration age();
  [[nodiscard]] Payload payload() { return payloads_.take(in_.bytes(in_.left())); }
  [[nodiscard]] std::string text(std::size_t max) { return std::string(in_.text(max)); }
  [[nodiscard]] Entry entry();
  [[nodiscard]] PlacedEntry placed();
  [[nodiscard]] GenesisMap genesis_map();
  // What lies past the limit is dropped, from the end, as by the voter itself.
  [[nodiscard]] VoteSections vote(const Limits& limits);

  [[nodiscard]] std::vector<Entry> entries();
  [[nodiscard]] std::vector<PlacedEntry> placed_entries();
  [[nodiscard]] std::vector<CommitRun> commit_runs();

  void fail() { in_.fail(); }
  [[nodiscard]] bool ok() const { return in_.ok(); }
  [[nodiscard]] bool done() const { return in_.done(); }

 private:
  // A vector of at most as many items as the bytes that are left can hold, each read by `read`.
  template <class Item, class Read>
  [[nodiscard]] std::vector<Item> list(std::size_t bytes_each_min, const Read& read);

  ByteReader& in_;
  PayloadSource& payloads_;
};

}  // namespace synod::wire
