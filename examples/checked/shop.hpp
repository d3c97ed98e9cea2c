// File: shop.hpp
//
// A shop that sells a few things to many people, and gives every tenth customer a present. One of
// its two states forgets something: see shop_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>

#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>
#include <synod/state.hpp>

namespace shop {

// What is agreed on.
struct Order {
  synod::EntryId number;
  std::string what;
  std::int64_t pieces = 0;

  [[nodiscard]] synod::EntryId id() const { return number; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number.high, number.low, what, pieces);
  }
  friend std::ostream& operator<<(std::ostream& out, const Order& order) {
    return out << order.pieces << " " << order.what;
  }
};

// What the customer hears.
struct Receipt {
  bool sold = false;
  bool with_present = false;

  friend bool operator==(const Receipt&, const Receipt&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Receipt& receipt) {
    out << (receipt.sold ? "sold" : "sold out");
    return receipt.with_present ? out << ", with a present" : out;
  }
};

class Shop {
 public:
  using Entry = Order;
  using Outcome = Receipt;

  Receipt apply(const synod::ApplyContext&, const Order& order) {
    std::int64_t& left = stock_.try_emplace(order.what, kPieces).first->second;
    if (order.pieces > left) return {};
    left -= order.pieces;
    ++customers_;
    return {.sold = true, .with_present = customers_ % 10 == 0};
  }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(stock_, customers_);
  }

  [[nodiscard]] bool is_sound() const {
    for (const auto& [what, left] : stock_) {
      if (left < 0 || left > kPieces) return false;
    }
    return true;
  }
  [[nodiscard]] std::int64_t left(const std::string& what) const {
    const auto found = stock_.find(what);
    return found == stock_.end() ? kPieces : found->second;
  }

 protected:
  static constexpr std::int64_t kPieces = 400;

  std::map<std::string, std::int64_t> stock_;
  std::uint64_t customers_ = 0;
};

// The bug: the number of customers is not in the snapshot. Nobody notices while all nodes run. A
// node that starts again counts from its snapshot on, and gives presents to other people.
class ForgetfulShop : public Shop {
 public:
  template <class Archive>
  void serialize(Archive& archive) {
    archive(stock_);
  }
};

}  // namespace shop
