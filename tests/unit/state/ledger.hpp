// File: unit/state/ledger.hpp
//
// A state machine for the tests: a sum, with everything that a state may have.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>

#include <synod/state_adapter.hpp>

namespace synod::test {

struct Payment {
  EntryId entry_id;
  std::int64_t amount = 0;
  std::string note;

  [[nodiscard]] EntryId id() const { return entry_id; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(entry_id.high, entry_id.low, amount, note);
  }
};

// The least that a state can be.
struct Sum {
  using Entry = Payment;
  using Outcome = std::int64_t;

  Outcome apply(const ApplyContext&, const Payment& payment) { return total += payment.amount; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(total);
  }

  std::int64_t total = 0;
};

// Counts the bytes that it is given.
template <ComponentTag Tag>
struct ByteCount {
  static constexpr ComponentTag kTag = Tag;

  ApplyResult apply(const ApplyContext& context, std::span<const std::byte> payload) {
    if (payload.empty()) {
      throw std::runtime_error("nothing to count");
    }
    count += payload.size();
    last_round = context.round;
    return {};
  }
  void save(ByteWriter& out) const { out.u64(count); }
  bool load(ByteReader& in) {
    count = in.u64();
    return in.ok();
  }

  std::uint64_t count = 0;
  RoundNum last_round;
};

// Has everything, and misbehaves where a note asks for it.
struct Ledger {
  using Entry = Payment;
  using Outcome = std::string;

  std::variant<Outcome, Eject> apply(const ApplyContext& context, const Payment& payment) {
    if (payment.note == "throw") throw std::runtime_error("no such account");
    if (payment.note == "throw a number") throw 42;
    if (payment.note == "eject") return Eject{"too new for me"};
    if (payment.note == "poison skip") poison = "skip";
    if (payment.note == "poison cluster_at") poison = "cluster_at";
    if (payment.note == "poison concurrency") poison = "concurrency";
    if (payment.note == "poison digest") poison = "digest";
    if (payment.note == "poison repeat") poison = "repeat";
    if (payment.note == "poison save") poison = "save";
    total += payment.amount;
    rounds.push_back(context.round);
    outcomes[payment.entry_id.low] = std::to_string(total);
    return std::to_string(total);
  }
  void skip(RoundNum round) {
    throw_if("skip");
    skipped.push_back(round);
  }
  std::shared_ptr<const Cluster> cluster_at(RoundNum) const {
    throw_if("cluster_at");
    return nullptr;
  }
  std::uint64_t concurrency() const {
    throw_if("concurrency");
    return 7;
  }
  std::optional<Outcome> repeat(const EntryId& id) const {
    throw_if("repeat");
    const auto found = outcomes.find(id.low);
    return found != outcomes.end() ? std::optional(found->second) : std::nullopt;
  }
  std::uint64_t digest() const {
    throw_if("digest");
    return static_cast<std::uint64_t>(total) + 1;
  }
  auto components() { return std::tie(first, second); }

  template <class Archive>
  void save(Archive& archive) const {
    throw_if("save");
    archive(total, outcomes);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(total, outcomes);
  }

  void throw_if(const char* where) const {
    if (poison == where) throw std::runtime_error(poison);
  }

  std::int64_t total = 0;
  std::map<std::uint64_t, std::string> outcomes;
  ByteCount<3> first;
  ByteCount<9> second;
  std::string poison;
  std::vector<RoundNum> rounds;
  std::vector<RoundNum> skipped;
};

inline EntryId id_of(std::uint64_t low) { return {1, low}; }

inline Entry entry_of(const Payment& payment) {
  Bytes bytes;
  if (!encode_value(payment, bytes)) {
    throw std::logic_error("the payment does not encode");
  }
  Entry entry;
  entry.id = payment.id();
  entry.kind = EntryKind::kState;
  entry.payload = Payload::copy_of(bytes);
  return entry;
}

inline Entry payment(std::uint64_t low, std::int64_t amount, std::string note = "") {
  return entry_of({id_of(low), amount, std::move(note)});
}

inline Entry component_entry(ComponentTag tag, std::string_view text) {
  Entry entry;
  entry.id = id_of(1000 + tag);
  entry.kind = EntryKind::kComponent;
  entry.tag = tag;
  entry.payload = Payload::copy_of(text);
  return entry;
}

}  // namespace synod::test
