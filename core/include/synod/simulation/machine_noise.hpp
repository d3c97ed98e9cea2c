// File: machine_noise.hpp
//
// What differs between two machines although their program is the same: where things lie in memory,
// and what lay there before. In a simulation all nodes share one process, so it is made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include <synod/prng.hpp>

namespace synod::simulation {

// Allocates and frees now and then, so that what others allocate between lies elsewhere.
class HeapNoise {
 public:
  explicit HeapNoise(Prng prng) : prng_(prng) {}
  void stir();

 private:
  Prng prng_;
  std::array<std::unique_ptr<std::byte[]>, 16> blocks_;
};

// Fills memory in a way that no optimiser takes out.
void fill_memory(void* memory, std::size_t size, std::byte pattern);

// A T in memory that holds `pattern` everywhere: members that no constructor sets keep it.
template <class T>
[[nodiscard]] std::unique_ptr<T> make_in_used_memory(std::byte pattern) {
  constexpr bool kOwnNew = requires { T::operator new(sizeof(T)); };
  if constexpr (kOwnNew || alignof(T) > __STDCPP_DEFAULT_NEW_ALIGNMENT__) {
    return std::make_unique<T>();
  } else {
    void* const memory = ::operator new(sizeof(T));
    fill_memory(memory, sizeof(T), pattern);
    return std::unique_ptr<T>(::new (memory) T());
  }
}

}  // namespace synod::simulation
