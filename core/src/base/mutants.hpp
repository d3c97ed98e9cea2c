// Seeded bugs: each takes one guard out. A harness that kills none of them proves nothing.
//
// Only a build with the CMake option SYNOD_MUTANTS has them, which is refused for releases and for
// installation; there one of them is chosen at run time. Anywhere else SYNOD_MUTANT is the constant
// false, and nothing is left of it. docs/testing.md says how they are run.
#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>

namespace synod {

struct Mutant {
  std::string_view name;
  std::string_view guards;  // The hazard, invariant or regression that its guard stands for.
  std::string_view breaks;  // What goes wrong.
  // How the simulator is started to meet it, where that is not by what it does anyway.
  std::string_view options = {};
};

// Sorted by the part of the node that they stand in; one line each.
inline constexpr Mutant kMutants[] = {
    // --- Durability.
    {"skip-sync-promise", "H11 RT-02", "a promise is written and not synced"},
    {"skip-sync-accept", "H11 RT-01", "an acceptance is written and not synced"},
    {"skip-sync-own-number", "H7 H11", "the promise of an own campaign is written and not synced"},
    {"answer-before-sync", "H11 RT-01", "votes leave before their records are durable"},
    {"repeat-answered-at-once", "H11", "a repeated vote overtakes the record that it repeats"},
    {"own-vote-before-sync", "H11a", "a node counts its own vote before its record is durable"},
    {"sync-failure-ignored", "H11 RT-05", "after a failed sync the node goes on"},
    {"no-rewrite-at-start", "H11b", "what a start reads is taken for durable"},
    {"torn-tail-in-the-middle", "H12 RT-06",
     "what follows a bad record is cut, also if it was synced", "--faults rot,crash --exactly"},
    {"copy-is-the-original", "H25", "a backup that was put back goes on voting"},
    {"checkpoint-without-promise", "H19", "a checkpoint leaves the promise out"},
    {"checkpoint-without-acceptances", "H19",
     "a checkpoint leaves acceptances above its round out"},
    {"removed-before-checkpoint", "H19",
     "segments go before the checkpoint that replaces them is durable"},
    {"replay-forgets-acceptances", "H7 H11", "a restart reads promises back, acceptances not"},
    {"replay-forgets-promise", "H7", "a restart reads acceptances back, promises not"},
    // --- The acceptor.
    {"accept-without-promise-check", "I5", "an acceptor accepts below its promise"},
    {"prepare-without-promise-check", "I5", "an acceptor promises below its promise"},
    {"number-without-proposer", "H3 RT-14",
     "two proposers' numbers with one counter rank as equal"},
    {"reuse-number-after-restart", "H7", "a restarted node's counters start from nothing"},
    {"speaks-for-applied-rounds", "H17",
     "a promise speaks for rounds whose acceptances were dropped"},
    {"read-touches-nothing", "H23",
     "an acceptor tells readers that nothing above the applied round is open"},
    {"install-drops-accepts", "H4 RT-15",
     "an installed snapshot erases what was accepted above it"},
    {"install-lowers-promise", "H4 I20", "an installed snapshot erases the promise"},
    {"deaf-leader-is-shielded", "H15", "followers shield a leader that no quorum answers"},
    {"leader-of-the-past-is-shielded", "H15 I16",
     "what an earlier leader said shields it when it comes late"},
    {"stray-knows-no-leader", "H15 I16",
     "who promised more than a leader that works has does not take it for one"},
    // --- Phase 1.
    {"phase1-ignores-accepted", "I3", "a candidate proposes what it likes over what was accepted"},
    {"phase1-ignores-highest", "I3", "of two accepted entries the one at the lower number binds"},
    {"empty-promise-beats-entry", "H5", "a promise without an entry unbinds what others reported"},
    {"page-is-the-whole-promise", "H17", "a promise counts before all its pages have arrived"},
    {"promise-covers-everything", "H17", "a promise counts below the round from which it speaks"},
    {"mandate-across-clusters", "H2 RT-13", "a mandate is used in a cluster that did not give it"},
    {"late-promise-not-honoured", "H2", "what the new cluster's promises report is not proposed"},
    {"quorum-minus-one-phase1", "I3", "one promise less than a quorum makes a mandate"},
    {"hole-not-filled", "H14 RT-23", "a new leader leaves holes below what it learned of"},
    // --- Phase 2.
    {"quorum-minus-one", "I6", "one acceptance less than a quorum settles a round"},
    {"count-replies", "RT-31", "the same acceptance twice counts as two"},
    {"acceptance-of-another-number", "RT-11", "acceptances at other numbers count as well"},
    {"another-entry-on-resend", "H7 I4", "what is proposed again is another entry"},
    {"definite-failure", "H13 RT-20",
     "of what was proposed a leader that resigns says: did not happen"},
    {"deaf-leader-stays", "H15", "a leader that no quorum answers goes on"},
    {"stray-is-left-alone", "H15 I16",
     "an acceptor that promised more than its leader's number never votes again"},
    // --- Learning.
    {"commit-by-id-without-number", "H6 RT-22",
     "told to commit an id, a node commits whatever it holds"},
    {"apply-skips-hole", "RT-23 I7", "a round that is missing is passed over"},
    {"fetch-serves-accepted", "I6", "what is only accepted is served as if it were committed"},
    {"missed-commit-stays-missed", "H8", "nobody repeats the last commit, and nobody asks for it"},
    {"mark-passes-unlearned", "H18", "what was fetched is no record, and the mark passes it"},
    {"mark-before-install-is-saved", "H18",
     "the mark rises before the snapshot it rests on is durable"},
    {"id-table-not-in-snapshot", "H13", "who installs a snapshot forgets which ids took effect"},
    {"repeat-not-filtered", "H13 I10", "an id takes effect twice"},
    {"ids-forgotten-early", "H13", "ids are forgotten before their entries expire"},
    {"expiry-not-checked", "H13", "an entry takes effect after its last round"},
    {"install-hides-effects", "H13 I15", "a snapshot passes over an append: did not happen"},
    {"unknown-attempt-forgotten", "H13 I15",
     "the last attempt alone decides what is said of an append"},
    {"rounds-counted-by-applies", "H24", "the state is told a round that counts its applies"},
    // --- Reads.
    {"leader-reads-at-once", "H9 RT-10", "a leader serves a read without asking"},
    {"read-before-apply", "H9 H23", "a read is served before what its answers name is applied"},
    {"read-at-the-old-cluster", "H23", "the next round's cluster answers for all rounds"},
    {"read-counts-old-answers", "H23", "an answer to an earlier question counts"},
    // --- Membership and memory.
    {"cluster-one-round-early", "H2 RT-12", "a new cluster binds in the round before its first"},
    {"quorum-from-own-options", "H22", "the policy comes from a node's options, not from the log"},
    {"removed-too-early", "H20", "a removed node is done before its successors know what it knew"},
    {"memory-not-checked", "H1 H16", "a vote counts whatever memory of the node it comes from"},
    {"empty-journal-votes", "H21", "a node without its memory votes"},
    {"genesis-without-confirmation", "H21",
     "a map of founders is complete before all have fixed it"},
    {"admitted-inside-window", "H1", "a new memory counts from the next round on"},
    {"votes-before-caught-up", "H1", "a new memory votes before it holds what came before"},
    {"nobody-vouches", "I16", "a memory that only the leader does not hear is never let in"},
    {"h1-activate-on-commit", "H1",
     "a lost memory votes again once it saw a proposal and its commit"},
    {"h1-majority-acknowledges", "H1", "a lost memory votes again once a majority has heard of it"},
};

// Makes it the one that is alive; false where there is none of that name, or in a build without
// them.
bool choose_mutant(std::string_view name);
// Whether this build has them.
[[nodiscard]] bool has_mutants();

namespace mutants_internal {

inline constexpr std::size_t kNone = std::size(kMutants);
#ifdef SYNOD_MUTANTS
extern constinit std::size_t chosen;
#endif

// Not constant on purpose: calling it ends the compilation.
inline void this_mutant_is_not_in_the_list() {}

consteval std::size_t place_of(std::string_view name) {
  for (std::size_t i = 0; i < kNone; ++i) {
    if (kMutants[i].name == name) return i;
  }
  this_mutant_is_not_in_the_list();
  return kNone;
}

}  // namespace mutants_internal
}  // namespace synod

#ifdef SYNOD_MUTANTS
#define SYNOD_MUTANT(name) \
  (::synod::mutants_internal::chosen == ::synod::mutants_internal::place_of(name))
#else
#define SYNOD_MUTANT(name) \
  (::synod::mutants_internal::place_of(name) == ::synod::mutants_internal::kNone)
#endif
