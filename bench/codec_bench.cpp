// Frames of the wire: a Propose with a run of entries, encoded and decoded, against copying the
// same bytes once and taking their checksum, which is the least that can be done.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include <synod/checksum.hpp>
#include <synod/wire.hpp>

#include "allocation_count.hpp"
#include "ratio_timer.hpp"

namespace synod::bench {
namespace {

constexpr std::size_t kPayloadBytes = 256;
const Envelope kEnvelope{ClusterId(1), NodeId(1), Incarnation(101)};

Message propose_of(std::int64_t entries) {
  Propose propose;
  propose.coord = {1, NodeId(1), Incarnation(101)};
  propose.first = RoundNum(1'000'000);
  for (std::int64_t i = 0; i < entries; ++i) {
    Entry entry;
    entry.id = {0x1234567890abcdef, static_cast<std::uint64_t>(i)};
    entry.kind = EntryKind::kState;
    entry.last_round = RoundNum(1'100'000);
    entry.payload = Payload::copy_of(std::string(kPayloadBytes, 'x'));
    propose.entries.push_back(std::move(entry));
  }
  return propose;
}

// Copies and checks `frame`.
class Floor {
 public:
  explicit Floor(const Bytes& frame) : frame_(frame), copy_(frame.size()) {}
  void operator()() {
    std::memcpy(copy_.data(), frame_.data(), frame_.size());
    benchmark::DoNotOptimize(crc32c(copy_));
  }

 private:
  const Bytes& frame_;
  Bytes copy_;
};

void report(benchmark::State& state, const Bytes& frame, std::uint64_t allocations_before) {
  const auto entries = static_cast<double>(state.iterations() * state.range(0));
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes/entry"] =
      static_cast<double>(frame.size()) / static_cast<double>(state.range(0));
  state.counters["allocations/entry"] =
      static_cast<double>(allocations() - allocations_before) / entries;
}

void encode_propose(benchmark::State& state) {
  const Message message = propose_of(state.range(0));
  Bytes frame;
  encode_frame(kEnvelope, message, frame);
  Floor floor(frame);
  Bytes out;
  const std::uint64_t before = allocations();
  {
    RatioTimer timer(state);
    const auto own = [&] {
      out.clear();
      encode_frame(kEnvelope, message, out);
      benchmark::DoNotOptimize(out.data());
    };
    for (auto _ : state) timer.once(own, [&] { floor(); });
  }
  report(state, frame, before);
}

void decode_propose(benchmark::State& state) {
  auto frame = std::make_shared<Bytes>();
  encode_frame(kEnvelope, propose_of(state.range(0)), *frame);
  Floor floor(*frame);
  const Limits limits;
  const std::uint64_t before = allocations();
  {
    RatioTimer timer(state);
    const auto own = [&] {
      auto decoded = decode_frame(nullptr, *frame, limits);
      if (!decoded.ok()) state.SkipWithError("the frame does not decode");
      benchmark::DoNotOptimize(decoded);
    };
    for (auto _ : state) timer.once(own, [&] { floor(); });
  }
  report(state, *frame, before);
}

BENCHMARK(encode_propose)->Arg(1)->Arg(8)->Arg(64)->Arg(512)->UseManualTime();
BENCHMARK(decode_propose)->Arg(1)->Arg(8)->Arg(64)->Arg(512)->UseManualTime();

}  // namespace
}  // namespace synod::bench

BENCHMARK_MAIN();
