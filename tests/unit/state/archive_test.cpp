#include <array>
#include <chrono>
#include <deque>
#include <forward_list>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <cereal/types/array.hpp>
#include <cereal/types/bitset.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/forward_list.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/queue.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/unordered_set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include <synod/guarded_archive.hpp>

namespace synod {
namespace {

template <class T>
Bytes encoded(const T& value) {
  Bytes bytes;
  EXPECT_TRUE(encode_value(value, bytes));
  return bytes;
}

Bytes bytes_of(std::initializer_list<unsigned> values) {
  Bytes bytes;
  for (const unsigned value : values) {
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

// Goes there and back, and every shorter input is refused.
template <class T>
void round_trip(const T& value) {
  const Bytes bytes = encoded(value);
  T back{};
  EXPECT_EQ(decode_value(std::span(bytes), back), "");
  EXPECT_EQ(back, value);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    T part{};
    EXPECT_NE(decode_value(std::span(bytes).first(size), part), "") << size;
  }
  Bytes longer = bytes;
  longer.push_back(std::byte{0});
  T rest{};
  EXPECT_NE(decode_value(std::span<const std::byte>(longer), rest), "");
}

enum class Colour : std::uint16_t { kRed = 1, kBlue = 0x1234 };
struct Empty {};
struct Point {
  std::int32_t x = 0;
  double y = 0;
  std::vector<std::string> names;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(x), y, names);
  }
  friend bool operator==(const Point&, const Point&) = default;
};
struct Tree {
  std::vector<Tree> branches;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(branches);
  }
};

TEST(GuardedArchive, NumbersAreLittleEndianInTheirOwnSize) {
  EXPECT_EQ(encoded(std::uint32_t{0x01020304}), bytes_of({4, 3, 2, 1}));
  EXPECT_EQ(encoded(std::int16_t{-2}), bytes_of({0xfe, 0xff}));
  EXPECT_EQ(encoded(true), bytes_of({1}));
  EXPECT_EQ(encoded(1.0), bytes_of({0, 0, 0, 0, 0, 0, 0xf0, 0x3f}));
  EXPECT_EQ(encoded(Colour::kBlue), bytes_of({0x34, 0x12}));
}

TEST(GuardedArchive, ALengthIsEightBytes) {
  EXPECT_EQ(encoded(std::string("ab")), bytes_of({2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b'}));
  EXPECT_EQ(encoded(std::vector<std::uint16_t>{1, 0x203}),
            bytes_of({2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3, 2}));
}

TEST(GuardedArchive, Numbers) {
  round_trip(std::numeric_limits<std::int64_t>::min());
  round_trip(std::numeric_limits<std::uint64_t>::max());
  round_trip(static_cast<unsigned char>(200));
  round_trip('x');
  round_trip(-0.5f);
  round_trip(false);
  round_trip(Colour::kRed);
}

TEST(GuardedArchive, Containers) {
  round_trip(std::vector<int>{1, 2, 3});
  round_trip(std::vector<bool>{true, false, true});
  round_trip(std::vector<std::vector<std::string>>{{"a", "bc"}, {}, {"def"}});
  round_trip(std::deque<int>{1, 2, 3});
  round_trip(std::list<std::string>{"a", "bc"});
  round_trip(std::forward_list<int>{1, 2, 3});
  round_trip(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  round_trip(std::multimap<int, int>{{1, 1}, {1, 2}});
  round_trip(std::set<int>{3, 1, 2});
  round_trip(std::multiset<int>{1, 1});
  round_trip(std::unordered_map<int, std::string>{{1, "a"}, {2, "b"}});
  round_trip(std::unordered_set<std::string>{"a", "b"});
  round_trip(std::u32string(U"ab"));
}

TEST(GuardedArchive, ThingsOfAFixedSize) {
  round_trip(std::array<int, 3>{1, 2, 3});
  round_trip(std::array<std::string, 2>{"a", "bc"});
  round_trip(std::pair<int, std::string>{1, "a"});
  round_trip(std::tuple<int, std::string, bool>{1, "a", true});
  round_trip(std::optional<std::string>{"a"});
  round_trip(std::optional<std::string>{});
  round_trip(std::variant<int, std::string>{"a"});
  round_trip(std::bitset<40>(0x123456789a));
  round_trip(std::chrono::milliseconds(1500));
}

TEST(GuardedArchive, TypesOfTheUsersOwn) {
  round_trip(Point{-1, 2.5, {"a", "b"}});
  round_trip(std::map<int, std::vector<Point>>{{1, {Point{1, 2, {"x"}}}}});
}

TEST(GuardedArchive, AFewElementsThatTakeNoBytes) {
  const std::vector<Empty> few(1000);
  std::vector<Empty> back;
  EXPECT_EQ(decode_value(std::span<const std::byte>(encoded(few)), back), "");
  EXPECT_EQ(back.size(), few.size());
}

TEST(GuardedArchive, ABoolIsNothingButZeroOrOne) {
  bool value = false;
  EXPECT_NE(decode_value(std::span<const std::byte>(bytes_of({2})), value), "");
  std::array<bool, 2> two{};
  EXPECT_NE(decode_value(std::span<const std::byte>(bytes_of({0, 7})), two), "");
}

TEST(GuardedArchive, NestingHasAnEnd) {
  const auto chain = [](std::size_t depth) {
    Bytes bytes;
    for (std::size_t i = 0; i < depth; ++i) {
      const Bytes one = encoded(std::uint64_t{1});
      bytes.insert(bytes.end(), one.begin(), one.end());
    }
    bytes.resize(bytes.size() + 8);
    return bytes;
  };
  Tree shallow;
  EXPECT_EQ(decode_value(std::span<const std::byte>(chain(100)), shallow), "");
  Tree deep;
  EXPECT_EQ(decode_value(std::span<const std::byte>(chain(100'000)), deep),
            "it does not decode: the input is nested too deeply");
}

TEST(GuardedArchive, AValueThatThrowsLeavesTheOutputAsItWas) {
  struct Thrower {
    void save(GuardedOutputArchive& archive) const {
      archive(1);
      throw 42;
    }
    void load(GuardedInputArchive&) {}
  };
  Bytes bytes = bytes_of({9});
  EXPECT_FALSE(encode_value(Thrower{}, bytes));
  EXPECT_EQ(bytes, bytes_of({9}));
}

struct Base {
  virtual ~Base() = default;
  int value = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
};

static_assert(Serializable<Point> && Serializable<Tree> && Serializable<std::vector<bool>>);
static_assert(Serializable<std::unique_ptr<Point>>);
static_assert(!Serializable<std::shared_ptr<int>>);
static_assert(!Serializable<std::shared_ptr<Base>>);
static_assert(!Serializable<std::weak_ptr<int>>);
static_assert(!Serializable<std::unique_ptr<Base>>);
// A raw pointer meets cereal's own static_assert.
static_assert(!Serializable<long double>);

}  // namespace
}  // namespace synod
