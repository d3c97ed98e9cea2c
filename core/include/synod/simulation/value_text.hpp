// File: value_text.hpp
//
// Values of users' types, compared and shown by whatever they offer.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>

#include <synod/bytes.hpp>
#include <synod/guarded_archive.hpp>

namespace synod::simulation {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  { out << value } -> std::convertible_to<std::ostream&>;
};

// Whether same_values() can tell two of them apart.
template <class T>
concept Comparable =
    std::equality_comparable<T> || Serializable<T> || std::has_unique_object_representations_v<T>;

// By operator==, else by what is serialised, else byte by byte. True where there is nothing to go
// by.
template <class T>
[[nodiscard]] bool same_values(const T& a, const T& b) {
  if constexpr (std::equality_comparable<T>) {
    return a == b;
  } else if constexpr (Serializable<T>) {
    Bytes of_a;
    Bytes of_b;
    return encode_value(a, of_a) == encode_value(b, of_b) && of_a == of_b;
  } else if constexpr (std::has_unique_object_representations_v<T>) {
    return std::memcmp(&a, &b, sizeof(T)) == 0;
  } else {
    return true;
  }
}

// "0x0102…": the first of them.
[[nodiscard]] std::string hexadecimal(std::span<const std::byte> bytes, std::size_t shown_max = 16);
// Where two byte strings part, and what stands there; for a person.
[[nodiscard]] std::string first_difference(std::span<const std::byte> here,
                                           std::span<const std::byte> there);

// By operator<<, else as the bytes that it is serialised to.
template <class T>
[[nodiscard]] std::string text_of(const T& value) {
  if constexpr (Streamable<T>) {
    std::ostringstream out;
    out << value;
    return out.str();
  } else if constexpr (Serializable<T>) {
    Bytes bytes;
    return encode_value(value, bytes) ? hexadecimal(bytes) : "(does not serialise)";
  } else {
    return "(has no operator<<)";
  }
}

}  // namespace synod::simulation
