// Appends that wait for a round, in the order in which they came.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <synod/replica.hpp>

namespace synod {

// A queue that keeps its buffer: once it has grown, nothing is allocated per append.
class AppendQueue {
 public:
  using Iterator = std::vector<Append>::iterator;
  using ConstIterator = std::vector<Append>::const_iterator;

  [[nodiscard]] Iterator begin() { return waiting_.begin() + head(); }
  [[nodiscard]] Iterator end() { return waiting_.end(); }
  [[nodiscard]] ConstIterator begin() const { return waiting_.begin() + head(); }
  [[nodiscard]] ConstIterator end() const { return waiting_.end(); }
  [[nodiscard]] bool empty() const { return head_ == waiting_.size(); }
  [[nodiscard]] std::size_t size() const { return waiting_.size() - head_; }

  void push_back(Append append) {
    if (head_ >= 64 && head_ * 2 >= waiting_.size()) {
      waiting_.erase(waiting_.begin(), waiting_.begin() + head());
      head_ = 0;
    }
    waiting_.push_back(std::move(append));
  }

  // Cheap at the front, where appends are taken from nearly always.
  Iterator erase(Iterator at) {
    if (at != begin()) return waiting_.erase(at);
    *at = Append{};
    ++head_;
    if (empty()) clear();
    return begin();
  }

  template <class Predicate>
  void erase_if(Predicate predicate) {
    waiting_.erase(std::remove_if(begin(), end(), predicate), end());
    if (empty()) clear();
  }

  void clear() {
    waiting_.clear();
    head_ = 0;
  }

 private:
  [[nodiscard]] std::ptrdiff_t head() const { return static_cast<std::ptrdiff_t>(head_); }

  std::vector<Append> waiting_;
  std::size_t head_ = 0;  // What lies before was taken out.
};

}  // namespace synod
