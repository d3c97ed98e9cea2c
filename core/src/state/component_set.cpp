#include <synod/component_set.hpp>

namespace synod::component_set {

ApplyResult unknown_tag(ComponentTag tag) {
  return {true, "no component of this state has the tag " + std::to_string(tag)};
}

}  // namespace synod::component_set
