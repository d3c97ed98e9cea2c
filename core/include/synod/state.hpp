// File: state.hpp
//
// What an application brings: a deterministic state machine as a plain class. docs/how-to/state.md
// writes one.
//
//   struct Calculator {              // No base class.
//     using Entry = Operation;       // Serialisable with cereal, has an id().
//     using Outcome = Result;        // To whoever appended; a refusal is an outcome, too.
//     Outcome apply(const synod::ApplyContext&, const Operation&);
//                                    // Or std::variant<Outcome, synod::Eject>.
//     template <class Archive> void serialize(Archive&);  // Snapshots.
//   };
//
// A state may also have
//   std::shared_ptr<const Cluster> cluster_at(RoundNum) const;
//                                    // Null: the founders'. See StateMachine.
//   std::uint64_t concurrency() const;
//                                    // Rounds settled at once; 1024 without it.
//   void skip(RoundNum);             // A round that brought nothing for it (H24).
//   std::optional<Outcome> repeat(const EntryId&) const;
//                                    // The outcome of an entry applied before.
//   std::uint64_t digest() const;    // Equal states, equal digests.
//   auto components() { return std::tie(members_); }
//                                    // Replicated parts of decorations.
//
// Everything must be deterministic: no clock, no random numbers, nothing of the machine. All calls
// come on the node's thread. A function that throws has the state ejected; it never ends the node.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>

#include <synod/bytes.hpp>
#include <synod/cluster.hpp>
#include <synod/entry.hpp>
#include <synod/guarded_archive.hpp>
#include <synod/replica.hpp>
#include <synod/state_machine.hpp>
#include <synod/types.hpp>

namespace synod {

// Where an entry takes effect: the same on every node. There is no coordination number in it,
// because nodes may learn one entry under different ones.
struct ApplyContext {
  RoundNum round;
  EntryId id;
};

// apply() may also give synod::Eject{reason} (synod/replica.hpp): the state is of no use any more,
// for instance because it met an entry of a newer version of the program. The node goes on without
// it until a snapshot comes.

// Rounds settled at once, where a state does not say.
inline constexpr std::uint64_t kDefaultConcurrency = 1024;

// A replicated part of a decoration: a member of the state that entries of its tag go to. Its
// snapshot is its own; the state's serialize() leaves it out.
template <class C>
concept Component = requires(C& component, const C& constant, const ApplyContext& context,
                             std::span<const std::byte> payload, ByteWriter& out, ByteReader& in) {
  { C::kTag } -> std::convertible_to<ComponentTag>;  // Not 0.
  { component.apply(context, payload) } -> std::same_as<ApplyResult>;
  {constant.save(out)};
  { component.load(in) } -> std::same_as<bool>;  // False: malformed.
};

// --- The pieces, each with a name that shows up in messages --------------------------------------

template <class S>
concept NamesEntryType = requires {
  typename S::Entry;
};
template <class S>
concept NamesOutcomeType = requires {
  typename S::Outcome;
};
template <class E>
concept HasEntryId = requires(const E& entry) {
  { entry.id() } -> std::convertible_to<EntryId>;
};
template <class S>
using ApplyReturn = decltype(std::declval<S&>().apply(std::declval<const ApplyContext&>(),
                                                      std::declval<const typename S::Entry&>()));
template <class S>
concept AppliesEntries = requires {
  typename ApplyReturn<S>;
};
template <class S>
concept ApplyCanEject =
    AppliesEntries<S> && std::same_as<ApplyReturn<S>, std::variant<typename S::Outcome, Eject>>;
template <class S>
concept AppliesToOutcome = AppliesEntries<S> &&
    (ApplyCanEject<S> || std::convertible_to<ApplyReturn<S>, typename S::Outcome>);

template <class S>
concept HasClusterAt = requires(const S& state, RoundNum round) {
  { state.cluster_at(round) } -> std::convertible_to<std::shared_ptr<const Cluster>>;
};
template <class S>
concept HasConcurrency = requires(const S& state) {
  { state.concurrency() } -> std::convertible_to<std::uint64_t>;
};
template <class S>
concept HasSkip = requires(S& state, RoundNum round) {
  state.skip(round);
};
template <class S>
concept HasRepeat = requires(const S& state, const EntryId& id) {
  { state.repeat(id) } -> std::convertible_to<std::optional<typename S::Outcome>>;
};
template <class S>
concept HasDigest = requires(const S& state) {
  { state.digest() } -> std::convertible_to<std::uint64_t>;
};
template <class S>
concept HasComponents = requires(S& state) {
  std::tuple_size<decltype(state.components())>::value;
};

// A member of one of these names that does not fit would be passed over in silence.
template <class S>
concept MentionsClusterAt = requires {
  &S::cluster_at;
};
template <class S>
concept MentionsConcurrency = requires {
  &S::concurrency;
};
template <class S>
concept MentionsSkip = requires {
  &S::skip;
};
template <class S>
concept MentionsRepeat = requires {
  &S::repeat;
};
template <class S>
concept MentionsDigest = requires {
  &S::digest;
};
template <class S>
concept MentionsComponents = requires {
  &S::components;
};

template <class S>
concept State = NamesEntryType<S> && NamesOutcomeType<S> && HasEntryId<typename S::Entry> &&
    Serializable<typename S::Entry> && std::default_initializable<typename S::Entry> &&
    std::copyable<typename S::Outcome> && AppliesToOutcome<S> && std::default_initializable<S> &&
    Serializable<S>;

// True, or a message that says what is missing.
template <class S>
consteval bool check_state() {
  static_assert(NamesEntryType<S>,
                "synod::State: name the type of the entries, `using Entry = …;`");
  static_assert(NamesOutcomeType<S>, "synod::State: name what apply() gives, `using Outcome = …;`");
  if constexpr (NamesEntryType<S> && NamesOutcomeType<S>) {
    static_assert(HasEntryId<typename S::Entry>,
                  "synod::State: an Entry needs `synod::EntryId id() const`");
    static_assert(std::default_initializable<typename S::Entry>,
                  "synod::State: an Entry needs a default constructor, to be decoded into");
    static_assert(
        Serializable<typename S::Entry>,
        "synod::State: an Entry needs cereal's serialize(), or save() and load(); include "
        "<cereal/types/…> for its members; shared, weak and raw pointers, polymorphic types "
        "and long double are refused");
    static_assert(std::copyable<typename S::Outcome>, "synod::State: an Outcome must be copyable");
    static_assert(
        AppliesEntries<S>,
        "synod::State: `Outcome apply(const synod::ApplyContext&, const Entry&)` is missing");
    static_assert(
        !AppliesEntries<S> || AppliesToOutcome<S>,
        "synod::State: apply() must give an Outcome or a std::variant<Outcome, synod::Eject>");
  }
  static_assert(std::default_initializable<S>,
                "synod::State: a default constructor is needed, to load a snapshot into");
  static_assert(
      Serializable<S>,
      "synod::State: cereal's serialize(), or save() and load(), are needed for snapshots");
  static_assert(
      !MentionsClusterAt<S> || HasClusterAt<S>,
      "synod::State: `std::shared_ptr<const synod::Cluster> cluster_at(synod::RoundNum) const`");
  static_assert(!MentionsConcurrency<S> || HasConcurrency<S>,
                "synod::State: `std::uint64_t concurrency() const`");
  static_assert(!MentionsSkip<S> || HasSkip<S>, "synod::State: `void skip(synod::RoundNum)`");
  static_assert(!MentionsRepeat<S> || HasRepeat<S>,
                "synod::State: `std::optional<Outcome> repeat(const synod::EntryId&) const`");
  static_assert(!MentionsDigest<S> || HasDigest<S>, "synod::State: `std::uint64_t digest() const`");
  static_assert(!MentionsComponents<S> || HasComponents<S>,
                "synod::State: `auto components()` must give a std::tie of components");
  return true;
}

// --- Typed commands ------------------------------------------------------------------------------

// Something that can be appended and has a result type of its own:
//   struct Add { using Result = double; Operation entry() const; static Result project(const
//   Outcome&); };
template <class C, class S>
concept CommandFor = requires(const C& command, const typename S::Outcome& outcome) {
  typename C::Result;
  { command.entry() } -> std::convertible_to<typename S::Entry>;
  { C::project(outcome) } -> std::convertible_to<typename C::Result>;
};
template <class R, class S>
concept Appendable = std::same_as<R, typename S::Entry> || CommandFor<R, S>;

}  // namespace synod
