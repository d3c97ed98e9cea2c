#include "protocol/fetcher.hpp"

#include <algorithm>

#include <synod/hash.hpp>
#include <synod/probe.hpp>

#include "base/mutants.hpp"

namespace synod {

void Fetcher::settled_elsewhere(NodeId peer, RoundNum round) {
  if (round < known_settled_) return;
  if (peer != NodeId(0)) source_ = peer;
  known_settled_ = round;
}

void Fetcher::gap_below(RoundNum round, NodeId peer) {
  if (peer != NodeId(0)) source_ = peer;
  gap_below_ = std::max(gap_below_, round);
  if (gap_since_ == Timestamp::max()) gap_since_ = shared_.now;
}

void Fetcher::heard() {
  const int sooner = SYNOD_BUGGIFY("fetcher.asks-around-early") ? 20 : 1;
  ask_around_at_ = shared_.now.after(shared_.jittered(shared_.options.idle_interval * 2 / sooner));
}

NodeId Fetcher::choose(const std::vector<NodeId>& peers) {
  // Every other question goes to whoever showed last that it has what is missing, the rest to
  // anybody: the one that is heard may not hear this node.
  const bool trusted = attempts_ % 2 == 0 && source_ != NodeId(0) && source_ != shared_.options.id;
  if (trusted && !SYNOD_BUGGIFY("fetcher.asks-somebody-else")) return source_;
  return peers[static_cast<std::size_t>(shared_.prng.below(peers.size()))];
}

void Fetcher::ask(RoundNum applied, const std::vector<NodeId>& peers) {
  nonce_ = shared_.prng.next();
  outstanding_ = true;
  const RoundNum first = applied.next();
  const RoundNum last = applied.plus(shared_.options.limits.fetch_entries_max);
  shared_.outbox.send(choose(peers), Fetch{nonce_, first, last});
  ask_again_at_ =
      shared_.now.after(shared_.backed_off(shared_.options.retransmit_after, attempts_));
  ++attempts_;
}

void Fetcher::settle(RoundNum applied, const std::vector<NodeId>& peers) {
  has_peers_ = !peers.empty();
  if (!has_peers_) return;
  if (gap_since_ != Timestamp::max()) {
    if (gap_below_ <= applied) {
      gap_since_ = Timestamp::max();
    } else if (shared_.now >= gap_since_.after(shared_.options.retransmit_after / 4) ||
               SYNOD_BUGGIFY("fetcher.gap-is-old-at-once")) {
      SYNOD_MARK("fetcher.gap-lasts");
      settled_elsewhere(source_, gap_below_);
    }
  }
  if (!is_behind(applied)) {
    download_.reset();
    return ask_around(applied, peers);
  }
  if (outstanding_ && shared_.now < ask_again_at_) return;
  if (download_.has_value()) {
    if (attempts_ < 4) return ask_for_chunk();
    SYNOD_MARK("fetcher.download-given-up");
    download_.reset();
  }
  ask(applied, peers);
}

// Whether something was missed. Whoever is asked may be gone for good, and so may the one that had
// news last: without an answer the next one is asked soon, and it is anybody.
void Fetcher::ask_around(RoundNum applied, const std::vector<NodeId>& peers) {
  if (!asked_around_) attempts_ = 0;
  const Timestamp due = asked_around_ ? ask_again_at_ : ask_around_at_;
  const bool asking = outstanding_ && shared_.now < ask_again_at_;
  if (shared_.now < due || asking) return;
  SYNOD_MARK("fetcher.asks-around");
  heard();
  if (SYNOD_MUTANT("missed-commit-stays-missed")) return;
  source_ = NodeId(0);
  ask(applied, peers);
  asked_around_ = true;
}

void Fetcher::on(NodeId from, const Entries& entries) {
  if (entries.nonce == nonce_) asked_around_ = false;
  settled_elsewhere(from, entries.settled_to);
  if (!outstanding_ || entries.nonce != nonce_) return;
  if (!entries.entries.empty()) {
    outstanding_ = false;
    attempts_ = 0;
    return;
  }
  // Nothing came: the next question waits its time. Who said that there is more says otherwise now.
  const bool denied = entries.settled_to < known_settled_ && (from == source_ || attempts_ >= 8);
  if (denied) {
    SYNOD_MARK("fetcher.source-denies");
    known_settled_ = entries.settled_to;
  }
  if (entries.settled_to < entries.first || entries.retained_from <= entries.first) return;
  // It does not have them any more: its snapshot instead.
  if (download_.has_value() && download_->from == from) return;
  SYNOD_MARK("fetcher.snapshot-instead-of-entries");
  download_ = Download{from, RoundNum(0), 0, 0, {}};
  attempts_ = 0;
  ask_for_chunk();
}

void Fetcher::ask_for_chunk() {
  outstanding_ = true;
  shared_.outbox.send(download_->from, SnapshotRequest{download_->round, download_->bytes.size()});
  ask_again_at_ =
      shared_.now.after(shared_.backed_off(shared_.options.retransmit_after, attempts_));
  ++attempts_;
}

SnapshotPtr Fetcher::on(NodeId from, const SnapshotChunk& chunk, RoundNum useful_from) {
  if (!download_.has_value() || download_->from != from) return nullptr;
  const bool refused = chunk.size == 0 || chunk.size > shared_.options.limits.snapshot_bytes_max;
  const bool useless = chunk.round < useful_from;
  if (useless) SYNOD_MARK("fetcher.snapshot-leads-nowhere");
  if (refused || useless) {
    download_.reset();  // The next question waits its time.
    return nullptr;
  }
  const bool other = download_->round != chunk.round || download_->size != chunk.size ||
                     download_->checksum != chunk.checksum;
  if (other) {
    // The answer to a question from before it began, unless it is the only answer that there is.
    if (!download_->bytes.empty() && attempts_ < 2) return nullptr;
    if (!download_->bytes.empty()) SYNOD_MARK("fetcher.chunk-of-another-snapshot");
    *download_ = Download{from, chunk.round, chunk.size, chunk.checksum, {}};
  }
  if (chunk.offset != download_->bytes.size()) {
    SYNOD_MARK("fetcher.chunk-twice");
    return nullptr;
  }
  if (chunk.bytes.size() > chunk.size - download_->bytes.size()) return nullptr;
  const auto bytes = chunk.bytes.bytes();
  download_->bytes.insert(download_->bytes.end(), bytes.begin(), bytes.end());
  attempts_ = 0;
  if (download_->bytes.size() < download_->size) {
    ask_for_chunk();
    return nullptr;
  }
  outstanding_ = false;
  Download whole = std::move(*download_);
  download_.reset();
  if (fingerprint(whole.bytes) != whole.checksum) return nullptr;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->round = whole.round;
  snapshot->bytes = std::move(whole.bytes);
  return snapshot;
}

// Exactly when settle() would do something. Whatever it would not look at must not count: a moment
// that has passed, and that nothing moves on, would wake the node again and again.
Timestamp Fetcher::deadline(RoundNum applied) const {
  if (!has_peers_) return Timestamp::max();
  const Timestamp answer_due = outstanding_ ? ask_again_at_ : shared_.now;
  if (is_behind(applied)) return answer_due;
  Timestamp deadline = std::max(asked_around_ ? ask_again_at_ : ask_around_at_, answer_due);
  if (gap_since_ != Timestamp::max()) {
    deadline = std::min(deadline, gap_since_.after(shared_.options.retransmit_after / 4));
  }
  return deadline;
}

}  // namespace synod
