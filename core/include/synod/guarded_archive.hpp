// File: guarded_archive.hpp
//
// cereal archives for bytes that may be hostile: the user's entries, snapshots and vote sections,
// which come from other machines. The format is small and portable: numbers little-endian in their
// own size, a bool as 0 or 1, a length as eight bytes.
//
// cereal makes room for whatever length it reads, so that nine bytes could cost gigabytes. Here
//   - all lengths of one input together may be no more than the bytes that it has, and a few for
//     elements that take none;
//   - vectors, deques and lists grow only as their elements are really read;
//   - what is left over is an error, and so are too many levels of nesting;
//   - shared, weak and raw pointers, polymorphic types and long double do not compile.
// A load function of the user's own must likewise not make room for a number that it read.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <forward_list>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <cereal/cereal.hpp>

#include <synod/bytes.hpp>

namespace synod {

template <class T>
concept PortableNumber = std::is_arithmetic_v<T> && !std::is_same_v<T, long double>;

namespace guarded {

// Turns numbers of the machine's own order round, and back, where that is another one.
template <class T>
void to_little_endian(std::span<std::byte> bytes) {
  if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) {
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(T)) {
      const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      std::reverse(first, first + sizeof(T));
    }
  }
}

}  // namespace guarded

// Appends to `out`, which must outlive the archive.
class GuardedOutputArchive
    : public cereal::OutputArchive<GuardedOutputArchive, cereal::AllowEmptyClassElision> {
 public:
  explicit GuardedOutputArchive(Bytes& out) : OutputArchive(this), out_(&out) {}

  template <PortableNumber T>
  void numbers(const T* values, std::size_t count) {
    const std::size_t at = out_->size();
    out_->resize(at + count * sizeof(T));
    if (count > 0) {
      std::memcpy(out_->data() + at, values, count * sizeof(T));
    }
    guarded::to_little_endian<T>(std::span(*out_).subspan(at));
  }
  template <PortableNumber T>
  void number(T value) {
    numbers(&value, 1);
  }

 private:
  Bytes* out_;
};

// Reads what a GuardedOutputArchive wrote. Throws cereal::Exception for anything else.
class GuardedInputArchive
    : public cereal::InputArchive<GuardedInputArchive, cereal::AllowEmptyClassElision> {
 public:
  // Levels of values within values.
  static constexpr std::size_t kDepthMax = 256;
  // Elements that take no bytes, in one input.
  static constexpr std::uint64_t kEmptyElementsMax = 1024;

  // `bytes` must outlive the archive.
  explicit GuardedInputArchive(std::span<const std::byte> bytes)
      : InputArchive(this), rest_(bytes), elements_left_(bytes.size() + kEmptyElementsMax) {}

  template <PortableNumber T>
  void numbers(T* values, std::size_t count) {
    require(count <= rest_.size() / sizeof(T), "the input ends too early");
    if constexpr (std::is_same_v<T, bool>) {
      for (std::size_t i = 0; i < count; ++i) {
        require(std::to_integer<unsigned>(rest_[i]) <= 1, "a bool is neither 0 nor 1");
      }
    }
    if (count > 0) {
      std::memcpy(values, rest_.data(), count * sizeof(T));
    }
    guarded::to_little_endian<T>(std::as_writable_bytes(std::span(values, count)));
    rest_ = rest_.subspan(count * sizeof(T));
  }
  template <PortableNumber T>
  void number(T& value) {
    numbers(&value, 1);
  }
  // A length, which every element of every container has to be paid from.
  void length(cereal::size_type& size) {
    number(size);
    require(size <= elements_left_ && size <= rest_.size() + kEmptyElementsMax,
            "a length is more than the input could hold");
    elements_left_ -= size;
  }
  void enter() { require(++depth_ <= kDepthMax, "the input is nested too deeply"); }
  void leave() { --depth_; }

  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  static void require(bool condition, const char* otherwise) {
    if (!condition) {
      throw cereal::Exception(otherwise);
    }
  }

 private:
  std::span<const std::byte> rest_;
  std::uint64_t elements_left_;
  std::size_t depth_ = 0;
};

// --- What cereal calls ---------------------------------------------------------------------------

template <class T>
void prologue(GuardedInputArchive& archive, const T& /*value*/) {
  archive.enter();
}
template <class T>
void epilogue(GuardedInputArchive& archive, const T& /*value*/) {
  archive.leave();
}

template <PortableNumber T>
void CEREAL_SAVE_FUNCTION_NAME(GuardedOutputArchive& archive, const T& value) {
  archive.number(value);
}
template <PortableNumber T>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive& archive, T& value) {
  archive.number(value);
}

template <class Archive, class T>
requires std::same_as<Archive, GuardedOutputArchive> || std::same_as<Archive, GuardedInputArchive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, cereal::NameValuePair<T>& pair) {
  archive(pair.value);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(GuardedOutputArchive& archive, const cereal::SizeTag<T>& tag) {
  archive.number(static_cast<cereal::size_type>(tag.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive& archive, cereal::SizeTag<T>& tag) {
  cereal::size_type size = 0;
  archive.length(size);
  tag.size = static_cast<std::remove_reference_t<T>>(size);
}

// Strings and arrays of numbers come as a whole, in elements of the pointer's type.
template <class T>
using BinaryElement = std::remove_cv_t<std::remove_pointer_t<std::remove_reference_t<T>>>;

template <class T>
requires PortableNumber<BinaryElement<T>>
void CEREAL_SAVE_FUNCTION_NAME(GuardedOutputArchive& archive, const cereal::BinaryData<T>& whole) {
  archive.numbers(static_cast<const BinaryElement<T>*>(whole.data),
                  static_cast<std::size_t>(whole.size / sizeof(BinaryElement<T>)));
}
template <class T>
requires PortableNumber<BinaryElement<T>>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive& archive, cereal::BinaryData<T>& whole) {
  archive.numbers(static_cast<BinaryElement<T>*>(whole.data),
                  static_cast<std::size_t>(whole.size / sizeof(BinaryElement<T>)));
}

// --- Containers that cereal would make room for before it reads ----------------------------------

namespace guarded {

// Reads into the back of `container`, whose growth what was read has paid for.
template <class Container>
void load_elements(GuardedInputArchive& archive, Container& container) {
  cereal::size_type size = 0;
  archive(cereal::make_size_tag(size));
  container.clear();
  if constexpr (requires { container.reserve(size); }) {
    constexpr std::size_t kElementBytes = sizeof(typename Container::value_type);
    container.reserve(std::min<std::size_t>(size, archive.left() / kElementBytes + 1));
  }
  for (cereal::size_type i = 0; i < size; ++i) {
    if constexpr (std::is_same_v<typename Container::value_type, bool>) {
      bool value = false;
      archive(value);
      container.push_back(value);
    } else {
      container.emplace_back();
      archive(container.back());
    }
  }
}

}  // namespace guarded

template <class T, class A>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive& archive, std::vector<T, A>& elements) {
  if constexpr (PortableNumber<T>) {
    cereal::size_type size = 0;
    archive(cereal::make_size_tag(size));
    GuardedInputArchive::require(size <= archive.left() / sizeof(T), "the input ends too early");
    elements.resize(static_cast<std::size_t>(size));
    archive.numbers(elements.data(), elements.size());
  } else {
    guarded::load_elements(archive, elements);
  }
}
template <class A>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive& archive, std::vector<bool, A>& elements) {
  guarded::load_elements(archive, elements);
}
template <class T, class A>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive& archive, std::deque<T, A>& elements) {
  guarded::load_elements(archive, elements);
}
template <class T, class A>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive& archive, std::list<T, A>& elements) {
  guarded::load_elements(archive, elements);
}
template <class T, class A>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive& archive, std::forward_list<T, A>& elements) {
  std::list<T> in_order;
  guarded::load_elements(archive, in_order);
  elements.assign(std::make_move_iterator(in_order.begin()),
                  std::make_move_iterator(in_order.end()));
}

// cereal turns equal keys round, so that a node that loaded a snapshot would differ from the
// others.
template <class K, class V, class C, class A>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive& archive, std::multimap<K, V, C, A>& elements) {
  cereal::size_type size = 0;
  archive(cereal::make_size_tag(size));
  elements.clear();
  for (cereal::size_type i = 0; i < size; ++i) {
    K key;
    V value;
    archive(cereal::make_map_item(key, value));
    elements.emplace_hint(elements.end(), std::move(key), std::move(value));
  }
}
template <class K, class C, class A>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive& archive, std::multiset<K, C, A>& elements) {
  cereal::size_type size = 0;
  archive(cereal::make_size_tag(size));
  elements.clear();
  for (cereal::size_type i = 0; i < size; ++i) {
    K key;
    archive(key);
    elements.emplace_hint(elements.end(), std::move(key));
  }
}

// --- What does not compile -----------------------------------------------------------------------

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(GuardedOutputArchive&, const std::shared_ptr<T>&) = delete;
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive&, std::shared_ptr<T>&) = delete;
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(GuardedOutputArchive&, const std::weak_ptr<T>&) = delete;
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive&, std::weak_ptr<T>&) = delete;
template <class T, class D>
requires std::is_polymorphic_v<T>
void CEREAL_SAVE_FUNCTION_NAME(GuardedOutputArchive&, const std::unique_ptr<T, D>&) = delete;
template <class T, class D>
requires std::is_polymorphic_v<T>
void CEREAL_LOAD_FUNCTION_NAME(GuardedInputArchive&, std::unique_ptr<T, D>&) = delete;

// Whether these archives can write and read a T.
template <class T>
concept Serializable = cereal::traits::is_output_serializable<T, GuardedOutputArchive>::value &&
    cereal::traits::is_input_serializable<T, GuardedInputArchive>::value;

// --- Whole values --------------------------------------------------------------------------------

// Appends `value` to `out`. False, and `out` as it was, where a function of the value's threw.
template <class T>
[[nodiscard]] bool encode_value(const T& value, Bytes& out) {
  const std::size_t before = out.size();
  try {
    GuardedOutputArchive archive(out);
    archive(value);
    return true;
  } catch (...) {
    out.resize(before);
    return false;
  }
}

// Reads `bytes`, all of them, into `value`. Empty where it went well, else why not, as a sentence;
// then `value` is of no use.
template <class T>
[[nodiscard]] std::string decode_value(std::span<const std::byte> bytes, T& value) {
  try {
    GuardedInputArchive archive(bytes);
    archive(value);
    GuardedInputArchive::require(archive.left() == 0, "there are bytes left over");
    return {};
  } catch (const std::exception& failure) {
    return std::string("it does not decode: ") + failure.what();
  } catch (...) {
    return "it does not decode";
  }
}

}  // namespace synod

CEREAL_SETUP_ARCHIVE_TRAITS(synod::GuardedInputArchive, synod::GuardedOutputArchive)
