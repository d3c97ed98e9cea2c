// Snapshots: making and serving them, and putting one in the place of what is gone.
#include <algorithm>
#include <utility>

#include <synod/check.hpp>
#include <synod/hash.hpp>
#include <synod/probe.hpp>

#include "protocol/replica_implementation.hpp"
#include "protocol/snapshot_codec.hpp"

namespace synod {

SnapshotPtr Replica::Implementation::make_snapshot() {
  if (!learner_.has_state() || !membership_.genesis().has_value()) return nullptr;
  SnapshotContent content;
  content.round = learner_.applied();
  content.digest = learner_.digest();
  content.genesis = *membership_.genesis();
  content.changes = membership_.changes();
  SnapshotPtr made =
      encode_snapshot(content, learner_.ids(), [this](Bytes& out) { return state_.save(out); });
  if (made == nullptr) return nullptr;
  snapshot_ = made;
  return made;
}

// What is being fetched stays, however many are taken meanwhile. Whoever begins, or asks for one that
// is gone, gets the newest one that leads somewhere: the entries above an older one are gone.
const Replica::Implementation::Served* Replica::Implementation::served_for(
    const SnapshotRequest& request) {
  const auto useful = [this](const SnapshotPtr& snapshot) {
    return snapshot != nullptr && snapshot->round.next() >= learner_.retained_from();
  };
  // Round 0 asks for whichever there is; that of a state to which nothing was applied is named so,
  // too.
  const auto wanted = [&](const Served& served) {
    return request.round == RoundNum(0) ? useful(served.snapshot)
                                        : request.round == served.snapshot->round;
  };
  auto served = std::find_if(served_.rbegin(), served_.rend(), wanted);
  if (served == served_.rend()) {
    SYNOD_MARK("replica.serves-another-snapshot");
    if (!useful(snapshot_)) (void)make_snapshot();
    if (snapshot_ == nullptr) return nullptr;
    const auto newest = [this](const Served& each) { return each.snapshot == snapshot_; };
    served = std::find_if(served_.rbegin(), served_.rend(), newest);
  }
  if (served == served_.rend()) {
    constexpr std::size_t kServedMax = 3;  // Each may be as large as the state.
    if (served_.size() == kServedMax) {
      SYNOD_MARK("replica.serves-too-many-snapshots");
      served_.erase(std::ranges::min_element(served_, {}, &Served::asked_at));
    }
    served_.push_back({snapshot_, fingerprint(snapshot_->bytes), shared_.now});
    served = served_.rbegin();
  }
  served->asked_at = shared_.now;
  return &*served;
}

void Replica::Implementation::forget_unasked_snapshots() {
  std::erase_if(served_, [this](const Served& served) {
    return shared_.now.since(served.asked_at) > shared_.options.retransmit_after * 32;
  });
}

void Replica::Implementation::on(From from, const SnapshotRequest& request) {
  SnapshotChunk chunk;
  if (const Served* const served = served_for(request); served != nullptr) {
    const SnapshotPtr& snapshot = served->snapshot;
    const std::uint64_t offset = request.round == snapshot->round ? request.offset : 0;
    const Bytes& bytes = snapshot->bytes;
    const std::size_t start =
        static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes.size()));
    const std::size_t bytes_max =
        SYNOD_BUGGIFY("replica.chunk-is-small") ? 512 : shared_.options.limits.snapshot_chunk_bytes;
    const std::size_t size = std::min(bytes_max, bytes.size() - start);
    chunk.round = snapshot->round;
    chunk.offset = start;
    chunk.size = bytes.size();
    chunk.checksum = served->checksum;
    chunk.bytes = Payload(snapshot, std::span(bytes).subspan(start, size));
  }
  shared_.outbox.send(from.first, std::move(chunk));
}

// One before it leaves this node where it is, or takes it back.
RoundNum Replica::Implementation::useful_snapshot_from() const {
  return learner_.has_state() ? learner_.applied().next() : learner_.applied();
}

void Replica::Implementation::on(From from, const SnapshotChunk& chunk) {
  const SnapshotPtr whole = fetcher_.on(from.first, chunk, useful_snapshot_from());
  if (whole == nullptr) return;
  snapshot_ = whole;
  install(*whole, false);
}

// H4: advances the applied state; promises and acceptances above the snapshot's round stay.
void Replica::Implementation::install(const Snapshot& snapshot, bool from_storage) {
  std::optional<SnapshotContent> content = decode_snapshot(snapshot);
  if (!content.has_value()) {
    shared_.outbox.event(Warning{"a snapshot of round " + to_string(snapshot.round) +
                                 " does not decode and is not installed"});
    return;
  }
  if (!from_storage && !founding_.may_adopt(content->genesis)) return;
  if (content->round < (from_storage ? learner_.applied() : useful_snapshot_from())) {
    SYNOD_MARK("replica.snapshot-is-too-old");
    return;
  }
  if (acceptor_.accepted_end() > content->round.next()) {
    SYNOD_MARK("replica.accepted-above-a-snapshot");
  }
  resign({}, AppendErrorKind::kLost);
  election_.stop();
  founding_.adopt(content->genesis);
  learner_.restart(content->round, content->digest, std::move(content->ids), from_storage);
  membership_.restart(content->round, content->genesis, std::move(content->changes));
  acceptor_.installed(content->round);
  witness_.forget_applied(content->round);
  highest_seen_ = std::max(highest_seen_, content->round);
  if (!state_.load(content->state)) {
    return eject("the state of the snapshot of round " + to_string(content->round) +
                 " does not decode");
  }
  if (!extend_window()) return;
  if (from_storage) return;
  shared_.outbox.event(Installed{content->round});
  auto copy = snapshot_ != nullptr && snapshot_->round == content->round
                  ? snapshot_
                  : std::make_shared<const Snapshot>(snapshot);
  snapshot_ = copy;
  shared_.outbox.event(SnapshotTaken{copy});
}

// H19: everything that the node needs beside its snapshot, anew, before older records may go. What
// this turn recorded is part of it.
void Replica::Implementation::write_checkpoint() {
  if (!checkpoint_wanted_.has_value()) return;
  const RoundNum round = *std::exchange(checkpoint_wanted_, std::nullopt);
  if (learner_.retained_from() > round.next()) {
    SYNOD_MARK("replica.checkpoint-waits-for-a-later-snapshot");
    return;
  }
  shared_.outbox.begin_checkpoint(round);
  shared_.outbox.record(IdentityRecord{shared_.options.incarnation});
  founding_.write_anew();
  if (admitted_from_.has_value()) shared_.outbox.record(AdmissionRecord{*admitted_from_});
  acceptor_.write_anew();
  const auto accepted = [this](RoundNum at) {
    const Acceptor::Accepted* held = acceptor_.accepted(at);
    const PlacedEntry* settled = learner_.settled(at);
    return held != nullptr && settled != nullptr && held->entry == settled->entry;
  };
  const bool written = learner_.write_anew(round, accepted);
  SYNOD_CHECK(written, "a checkpoint without the entries above its snapshot");
}

}  // namespace synod
