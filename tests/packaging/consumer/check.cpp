// A state of another project under the simulator that was installed: a right one passes, and one
// whose snapshots forget is found.
#include <synod/simulation/check.hpp>

#include <iostream>

namespace {

struct Addition {
  synod::EntryId number;
  std::int64_t summand = 0;

  [[nodiscard]] synod::EntryId id() const { return number; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number.high, number.low, summand);
  }
};

struct Sum {
  using Entry = Addition;
  using Outcome = std::int64_t;

  Outcome apply(const synod::ApplyContext& /*context*/, const Addition& addition) {
    return value += addition.summand;
  }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
  std::int64_t value = 0;
};

struct Forgetful : Sum {
  template <class Archive>
  void serialize(Archive& /*archive*/) {}
};

template <class State>
synod::simulation::CheckResult check_some() {
  return synod::simulation::check<State>({
      .seeds = 3,
      .appends = 50,
      .entries =
          [](synod::Prng& prng) {
            return Addition{{}, static_cast<std::int64_t>(1 + prng.below(9))};
          },
  });
}

}  // namespace

int main() {
  const auto right = check_some<Sum>();
  const auto wrong = check_some<Forgetful>();
  std::cout << right << '\n' << wrong << '\n';
  return right && !wrong ? 0 : 1;
}
