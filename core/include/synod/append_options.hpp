// File: append_options.hpp
//
// How one append through a Node is to be done.
#pragma once

#include <memory>

#include <synod/append.hpp>
#include <synod/retry.hpp>
#include <synod/types.hpp>

namespace synod {

// Has a constructor, and is therefore safe to write inside a co_await expression with g++ 12.
struct AppendOptions {
  AppendOptions() {}

  // The rounds that will do; one round alone is a reservation of it.
  RoundRange rounds = {};
  Importance importance = Importance::kGainLeadership;
  // Counted from when the node takes the append up; zero: NodeOptions::append_timeout.
  Duration timeout = Duration::zero();
  // Asked only about errors that a retry can cure; null: until the time-out, with back-off.
  std::shared_ptr<RetryPolicy> retry;
  // The last round in which the entry may take effect (H13). max(): none of the caller's. Then an
  // append that minted the id is given half of what the cluster remembers, and any other none.
  // Whoever repeats an id passes what the first append of it passed.
  RoundNum last_round = RoundNum::max();
  // This very append made the id: nobody has appended it before, or elsewhere. Only then may a
  // failure be called "did not happen". Set it to false to repeat an entry, or for an id that a
  // client chose. An entry whose id is nil is given one, and counts as minted here.
  bool id_minted_here = true;
};

}  // namespace synod
