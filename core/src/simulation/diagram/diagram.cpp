#include <synod/simulation/diagram.hpp>

#include <algorithm>
#include <fstream>
#include <utility>

#include "simulation/diagram/json.hpp"
#include "simulation/diagram/page.hpp"

namespace synod::simulation {
namespace {

// What says how a node, or the network, is from then on.
bool is_lasting(Happening happening) {
  switch (happening) {
    case Happening::kStarts:
    case Happening::kCrashes:
    case Happening::kWiped:
    case Happening::kPauses:
    case Happening::kResumes:
    case Happening::kStops:
    case Happening::kRetires:
    case Happening::kHealed:
    case Happening::kStanding:
    case Happening::kParticipation:
    case Happening::kNetworkFault:
    case Happening::kNetworkMended:
      return true;
    default:
      return false;
  }
}

void append_number(std::string& json, std::uint64_t number) { json += std::to_string(number); }

// max() does not fit into a number of JavaScript: -1.
void append_round(std::string& json, RoundNum round) {
  json += round == RoundNum::max() ? "-1" : to_string(round);
}

std::string coord_text(const CoordNum& coord) {
  return coord == CoordNum() ? std::string() : "c" + to_string(coord);
}

// [time, happening, node, peer, number, word, text, first, last, coord, nodes…], as diagram.js
// reads it. Strings are places in the table.
void append_moment(std::string& json, const Moment& moment, StringTable& table) {
  json += '[';
  json += std::to_string(moment.at.microseconds());
  for (const std::uint64_t number :
       {table.index_of(to_string(moment.happening)), moment.node.value(), moment.peer.value(),
        moment.number, table.index_of(moment.word), table.index_of(moment.text)}) {
    json += ',';
    append_number(json, number);
  }
  json += ',';
  append_round(json, moment.first);
  json += ',';
  append_round(json, moment.last);
  json += ',';
  append_number(json, table.index_of(coord_text(moment.coord)));
  for (const NodeId node : moment.nodes) {
    json += ',';
    append_number(json, node.value());
  }
  json += "],\n";
}

void close_list(std::string& json) {
  if (json.ends_with(",\n")) json.resize(json.size() - 2);
  json += "]";
}

}  // namespace

DiagramOptions diagram_of_seed(std::uint64_t seed, std::uint64_t nodes, std::string command) {
  DiagramOptions options;
  options.title = "seed " + std::to_string(seed);
  options.subtitle = std::move(command);
  for (std::uint64_t i = 1; i <= nodes; ++i) options.nodes.push_back(NodeId(i));
  return options;
}

// A node that nobody named gets its lane when it starts: a spare that joins.
void Diagram::make_room(NodeId node) {
  const auto place = std::lower_bound(options_.nodes.begin(), options_.nodes.end(), node);
  if (std::find(options_.nodes.begin(), options_.nodes.end(), node) != options_.nodes.end()) return;
  options_.nodes.insert(place, node);
}

void Diagram::add(const Moment& moment) {
  if (moment.happening == Happening::kStarts) make_room(moment.node);
  if (moment.happening == Happening::kDetail || moment.at > options_.until) return;
  if (moment.at < options_.from) {
    if (is_lasting(moment.happening)) before_.push_back(moment);
    return;
  }
  moments_.push_back(moment);
  if (moments_.size() <= options_.moments_max) return;
  ++left_out_;
  if (is_lasting(moments_.front().happening)) before_.push_back(std::move(moments_.front()));
  moments_.pop_front();
  first_drawn_ = moments_.front().at;
}

std::string Diagram::json() const {
  std::string json = "{\"title\":";
  append_json(json, options_.title);
  json += ",\"subtitle\":";
  append_json(json, options_.subtitle);
  json += ",\"leftOut\":" + std::to_string(left_out_) +
          ",\"firstDrawn\":" + std::to_string(first_drawn_.microseconds()) + ",\"nodes\":[";
  for (const NodeId node : options_.nodes) {
    json += "{\"id\":" + to_string(node) + ",\"name\":";
    append_json(json, options_.name ? options_.name(node) : to_string(node));
    json += "},\n";
  }
  close_list(json);
  StringTable table;
  json += ",\"before\":[";
  for (const Moment& moment : before_) append_moment(json, moment, table);
  close_list(json);
  json += ",\"moments\":[";
  for (const Moment& moment : moments_) append_moment(json, moment, table);
  close_list(json);
  json += ",\"strings\":[";
  for (const std::string& text : table.strings()) {
    append_json(json, text);
    json += ",\n";
  }
  close_list(json);
  return json + "}";
}

std::string Diagram::html() const {
  return std::string(page::before_title) + page::escaped(options_.title) +
         std::string(page::after_title) + json() + std::string(page::after_moments);
}

bool Diagram::save(const std::string& path) const {
  std::ofstream file(path, std::ios::binary);
  file << html();
  file.close();
  return file.good();
}

}  // namespace synod::simulation
