// File: component_set.hpp
//
// The replicated parts of decorations within a state, as one: routing by tag, saving and loading.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <tuple>
#include <type_traits>

#include <synod/state.hpp>

namespace synod::component_set {

// The result for an entry that nobody here can take.
[[nodiscard]] ApplyResult unknown_tag(ComponentTag tag);

template <class... Cs>
[[nodiscard]] consteval bool sound() {
  static_assert((Component<std::remove_reference_t<Cs>> && ...),
                "synod::State: a member of components() does not model synod::Component");
  constexpr ComponentTag kTags[] = {std::remove_reference_t<Cs>::kTag..., 0};
  for (std::size_t i = 0; i < sizeof...(Cs); ++i) {
    for (std::size_t k = i + 1; k <= sizeof...(Cs); ++k) {
      if (kTags[i] == kTags[k]) {
        return false;
      }
    }
  }
  return true;
}

template <class... Cs>
[[nodiscard]] ApplyResult apply(std::tuple<Cs...> components, ComponentTag tag,
                                const ApplyContext& context, std::span<const std::byte> payload) {
  static_assert(sound<Cs...>(), "synod::State: two components have one tag, or one has the tag 0");
  ApplyResult result = unknown_tag(tag);
  const auto offer = [&](auto& component) {
    if (component.kTag == tag) {
      result = component.apply(context, payload);
    }
  };
  std::apply([&](auto&... each) { (offer(each), ...); }, components);
  return result;
}

// Each with its tag and its length, so that what one reads never runs into another's.
template <class... Cs>
void save(std::tuple<Cs...> components, ByteWriter& out) {
  static_assert(sound<Cs...>(), "synod::State: two components have one tag, or one has the tag 0");
  out.varint(sizeof...(Cs));
  const auto save_one = [&out](const auto& component) {
    Bytes bytes;
    ByteWriter writer(bytes);
    component.save(writer);
    out.varint(component.kTag);
    out.bytes(bytes);
  };
  std::apply([&](const auto&... each) { (save_one(each), ...); }, components);
}

// False where the bytes are not of these very components.
template <class... Cs>
[[nodiscard]] bool load(std::tuple<Cs...> components, ByteReader& in) {
  bool loaded = in.varint() == sizeof...(Cs);
  const auto load_one = [&](auto& component) {
    loaded = loaded && in.varint() == component.kTag && in.ok();
    ByteReader reader(in.bytes(std::numeric_limits<std::size_t>::max()));
    loaded = loaded && in.ok() && component.load(reader) && reader.done();
  };
  std::apply([&](auto&... each) { (load_one(each), ...); }, components);
  return loaded;
}

}  // namespace synod::component_set
