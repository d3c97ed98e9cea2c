#include <synod/simulation/list_state.hpp>

namespace synod::simulation {
namespace {
constexpr std::size_t kTextMax = 1u << 20;
constexpr std::size_t kItemsMax = 1u << 24;
constexpr std::size_t kItemBytesMin = 3 * sizeof(std::uint64_t);
}  // namespace

ApplyResult ListState::apply(RoundNum round, const Entry& entry) {
  applied_ = round;
  items_.push_back({round, entry.id, std::string(entry.payload.text())});
  return {};
}

void ListState::skip(RoundNum round, const Entry& /*entry*/, SkipReason /*reason*/) {
  applied_ = round;
}

bool ListState::save(Bytes& out) const {
  ByteWriter writer(out);
  writer.u64(applied_.value());
  writer.varint(items_.size());
  for (const Item& item : items_) {
    writer.u64(item.round.value());
    writer.u64(item.id.high);
    writer.u64(item.id.low);
    writer.text(item.text);
  }
  return true;
}

bool ListState::load(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  drop();
  applied_ = RoundNum(reader.u64());
  items_.resize(reader.count(kItemsMax, kItemBytesMin));
  for (Item& item : items_) {
    item.round = RoundNum(reader.u64());
    item.id.high = reader.u64();
    item.id.low = reader.u64();
    item.text = std::string(reader.text(kTextMax));
  }
  if (!reader.done()) drop();
  return reader.done();
}

void ListState::drop() {
  applied_ = {};
  items_.clear();
}

}  // namespace synod::simulation
