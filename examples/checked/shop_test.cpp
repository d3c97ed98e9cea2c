// Ten lines of test for each shop. docs/how-to/simulate-your-state.md reads the failure.
#include <gtest/gtest.h>

#include <synod/simulation/check.hpp>

#include "shop.hpp"

namespace {

using synod::simulation::CheckOptions;

shop::Order any_order(synod::Prng& prng) {
  constexpr const char* kThings[] = {"cups", "lamps", "maps"};
  return {{}, kThings[prng.below(3)], static_cast<std::int64_t>(1 + prng.below(5))};
}

template <class State>
CheckOptions<State> shopping() {
  return {
      .nodes = 5,
      .seeds = 10,
      .entries = any_order,
      .invariant = [](const State& shop) { return shop.is_sound(); },
      .read = [](const State& shop) { return shop.left("cups"); },
  };
}

TEST(ShopTest, SurvivesFaults) {
  const auto result = synod::simulation::check<shop::Shop>(shopping<shop::Shop>());
  EXPECT_TRUE(result) << result;
}

TEST(ShopTest, TheForgetfulOneIsCaught) {
  const auto result =
      synod::simulation::check<shop::ForgetfulShop>(shopping<shop::ForgetfulShop>());
  ASSERT_FALSE(result) << result;
  EXPECT_NE(result.text().find("serialize() forgets"), std::string::npos) << result;
}

// What an ordinary test sees of it: nothing. The nodes agree, because none of them starts again.
TEST(ShopTest, WithoutFaultsTheForgetfulOneLooksWell) {
  shop::ForgetfulShop one;
  shop::ForgetfulShop other;
  synod::Prng prng(1);
  for (std::uint64_t round = 1; round <= 100; ++round) {
    const shop::Order order = any_order(prng);
    const synod::ApplyContext context{synod::RoundNum(round), {0, round}};
    EXPECT_EQ(one.apply(context, order), other.apply(context, order));
  }
}

}  // namespace
