#include "simulation/tool/decorate.hpp"

#include <utility>

#include <synod/decorations/catch_up.hpp>
#include <synod/decorations/delegation.hpp>
#include <synod/decorations/heartbeats.hpp>
#include <synod/decorations/track_leadership.hpp>

namespace synod::simulation::tool {

std::vector<std::unique_ptr<Decoration>> decorate(NodeId /*node*/) {
  std::vector<std::unique_ptr<Decoration>> decorations;
  auto leadership = std::make_unique<TrackLeadership>();
  TrackLeadership& leader = *leadership;
  decorations.push_back(std::move(leadership));
  decorations.push_back(std::make_unique<Heartbeats>(leader));
  decorations.push_back(std::make_unique<CatchUp>());
  decorations.push_back(std::make_unique<Delegation>(leader));
  return decorations;
}

}  // namespace synod::simulation::tool
