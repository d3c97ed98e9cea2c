#include "base/mutants.hpp"

namespace synod {

#ifdef SYNOD_MUTANTS

constinit std::size_t mutants_internal::chosen = kNone;

bool choose_mutant(std::string_view name) {
  for (std::size_t i = 0; i < mutants_internal::kNone; ++i) {
    if (kMutants[i].name != name) continue;
    mutants_internal::chosen = i;
    return true;
  }
  return false;
}

bool has_mutants() { return true; }

#else

bool choose_mutant(std::string_view /*name*/) { return false; }

bool has_mutants() { return false; }

#endif

}  // namespace synod
