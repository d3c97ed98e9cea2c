// File: state_adapter.hpp
//
// Makes the core's state machine, bytes in, ok or eject out, of an application's typed state.
// Nothing that a user's function throws passes it.
#pragma once

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <synod/component_set.hpp>
#include <synod/hash.hpp>
#include <synod/outcome_keeper.hpp>
#include <synod/state.hpp>

namespace synod {

// What on_applied() observers are told.
template <class S>
struct AppliedEffect {
  ApplyContext context;
  const typename S::Entry& entry;
  const typename S::Outcome& outcome;
  const S& state;
};

namespace adapter {

struct IdHash {
  std::size_t operator()(const EntryId& id) const { return hash_of(id); }
};

// What `function` throws, as a sentence; empty where it does not.
template <class Function>
[[nodiscard]] std::string caught(const char* where, Function function) {
  try {
    function();
    return {};
  } catch (const std::exception& failure) {
    return std::string(where) + " threw: " + failure.what();
  } catch (...) {
    return std::string(where) + " threw";
  }
}

}  // namespace adapter

// On the node's thread, like everything that it calls. A state whose function threw is poisoned: it
// may have stopped half-way, so it is not saved, gives no cluster that could be of use, and is
// ejected when the next entry comes.
template <class S>
class StateAdapter final : public OutcomeKeeper {
 public:
  using Outcome = typename S::Outcome;
  using Observer = std::function<void(const AppliedEffect<S>&)>;

  explicit StateAdapter(std::unique_ptr<S> state) : state_(std::move(state)) {}

  // --- StateMachine ---
  ApplyResult apply(RoundNum round, const Entry& entry) override {
    if (state_ == nullptr) {
      return {true, "there is no state"};
    }
    if (!poisoned_.empty()) {
      return {true, poisoned_};
    }
    const ApplyContext context{round, entry.id};
    ApplyResult result = entry.kind == EntryKind::kComponent ? apply_to_component(context, entry)
                                                             : apply_to_state(context, entry);
    if (result.ejected) {
      poisoned_ = result.reason;
    }
    return result;
  }
  void skip(RoundNum round, const Entry&, SkipReason) override {
    if constexpr (HasSkip<S>) {
      if (usable()) {
        poison(adapter::caught("skip()", [&] { state_->skip(round); }));
      }
    }
  }
  std::shared_ptr<const Cluster> cluster_at(RoundNum round) const override {
    std::shared_ptr<const Cluster> cluster;
    if constexpr (HasClusterAt<S>) {
      if (usable()) {
        poison(adapter::caught("cluster_at()", [&] { cluster = state_->cluster_at(round); }));
      }
      if (!poisoned_.empty()) {
        // The founders' cluster, which null would mean, may be the wrong one; nobody is safe.
        cluster = std::make_shared<const Cluster>();
      }
    }
    return cluster;
  }
  std::uint64_t concurrency() const override {
    if constexpr (HasConcurrency<S>) {
      if (usable()) {
        poison(adapter::caught("concurrency()", [&] { concurrency_ = state_->concurrency(); }));
      }
      concurrency_ = std::max<std::uint64_t>(concurrency_, 1);
    }
    return concurrency_;
  }
  bool save(Bytes& out) const override {
    if (!usable()) {
      return false;
    }
    ByteWriter writer(out);
    writer.u8(kFormat);
    bool saved = false;
    const std::string failure = adapter::caught("save()", [&] {
      if constexpr (HasComponents<S>) {
        component_set::save(state_->components(), writer);
      }
      saved = encode_value(*state_, out);
    });
    return failure.empty() && saved;
  }
  bool load(std::span<const std::byte> bytes) override {
    drop();
    std::unique_ptr<S> fresh;
    bool loaded = false;
    const std::string failure = adapter::caught("load()", [&] {
      fresh = std::make_unique<S>();
      ByteReader reader(bytes);
      loaded = reader.u8() == kFormat;
      if constexpr (HasComponents<S>) {
        loaded = loaded && component_set::load(fresh->components(), reader);
      }
      loaded = loaded && reader.ok() && decode_value(reader.raw(reader.left()), *fresh).empty();
    });
    if (failure.empty() && loaded) {
      state_ = std::move(fresh);
    }
    return state_ != nullptr;
  }
  void drop() override {
    state_.reset();
    poisoned_.clear();
  }

  // --- OutcomeKeeper ---
  void expect(const EntryId& id) override {
    if (spare_.empty()) {
      ++waiting_[id].waiters;
      return;
    }
    spare_.back().key() = id;
    auto [place, inserted, node] = waiting_.insert(std::move(spare_.back()));
    if (inserted) {
      spare_.pop_back();
    } else {
      spare_.back() = std::move(node);
    }
    ++place->second.waiters;
  }
  void forget(const EntryId& id) override { (void)take(id); }
  bool present() const override { return usable(); }
  std::optional<std::uint64_t> digest() const override {
    std::optional<std::uint64_t> digest;
    if constexpr (HasDigest<S>) {
      if (usable()) {
        poison(adapter::caught("digest()", [&] { digest = state_->digest(); }));
      }
    }
    return digest;
  }

  // --- What the typed node asks for ---
  // Ends one expect(): the outcome, where the entry was applied since.
  [[nodiscard]] std::optional<Outcome> take(const EntryId& id) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) {
      return std::nullopt;
    }
    if (--found->second.waiters > 0) {
      return found->second.outcome;
    }
    std::optional<Outcome> outcome = std::move(found->second.outcome);
    spare(waiting_.extract(found));
    return outcome;
  }
  // What the state itself remembers of an entry that took effect before.
  [[nodiscard]] std::optional<Outcome> repeat(const EntryId& id) const {
    std::optional<Outcome> outcome;
    if constexpr (HasRepeat<S>) {
      if (usable()) {
        poison(adapter::caught("repeat()", [&] { outcome = state_->repeat(id); }));
      }
    }
    return outcome;
  }
  // Null where there is none.
  [[nodiscard]] const S* state() const { return usable() ? state_.get() : nullptr; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  void on_applied(Observer observer) { observers_.push_back(std::move(observer)); }

 private:
  struct Waiting {
    std::uint32_t waiters = 0;
    std::optional<Outcome> outcome;
  };
  using WaitingById = std::unordered_map<EntryId, Waiting, adapter::IdHash>;

  static constexpr std::uint8_t kFormat = 1;
  static constexpr std::size_t kSpareMax = 1024;

  // Keeps what an append allocated for the next one.
  void spare(typename WaitingById::node_type node) {
    if (spare_.size() == kSpareMax) return;
    node.mapped() = {};
    spare_.push_back(std::move(node));
  }

  [[nodiscard]] bool usable() const { return state_ != nullptr && poisoned_.empty(); }
  void poison(std::string failure) const {
    if (!failure.empty()) {
      poisoned_ = std::move(failure);
    }
  }

  ApplyResult apply_to_component(const ApplyContext& context, const Entry& entry) {
    ApplyResult result;
    std::string failure = adapter::caught("a component", [&] {
      if constexpr (HasComponents<S>) {
        result =
            component_set::apply(state_->components(), entry.tag, context, entry.payload.bytes());
      } else {
        result = component_set::unknown_tag(entry.tag);
      }
    });
    return failure.empty() ? result : ApplyResult{true, std::move(failure)};
  }
  ApplyResult apply_to_state(const ApplyContext& context, const Entry& entry) {
    ApplyResult result;
    std::string failure = adapter::caught("apply()", [&] {
      typename S::Entry typed{};
      result.reason = decode_value(entry.payload.bytes(), typed);
      result.ejected = !result.reason.empty();
      if (!result.ejected) {
        result = settle(context, typed, state_->apply(context, typed));
      }
    });
    return failure.empty() ? result : ApplyResult{true, std::move(failure)};
  }
  template <class Returned>
  ApplyResult settle(const ApplyContext& context, const typename S::Entry& entry,
                     Returned&& returned) {
    if constexpr (ApplyCanEject<S>) {
      if (auto* eject = std::get_if<Eject>(&returned)) {
        return {true, eject->reason.empty() ? "apply() ejected" : std::move(eject->reason)};
      }
      keep(context, entry, std::get<0>(std::forward<Returned>(returned)));
    } else {
      keep(context, entry, std::forward<Returned>(returned));
    }
    return {};
  }
  void keep(const ApplyContext& context, const typename S::Entry& entry, Outcome outcome) {
    for (const Observer& observer : observers_) {
      // The state is right, whatever an observer makes of it.
      (void)adapter::caught("an observer", [&] { observer({context, entry, outcome, *state_}); });
    }
    if (waiting_.empty()) {
      return;
    }
    if (const auto found = waiting_.find(context.id); found != waiting_.end()) {
      found->second.outcome = std::move(outcome);
    }
  }

  std::unique_ptr<S> state_;  // Null after an ejection.
  mutable std::string poisoned_;
  mutable std::uint64_t concurrency_ = kDefaultConcurrency;
  WaitingById waiting_;  // Never iterated.
  std::vector<typename WaitingById::node_type> spare_;
  std::vector<Observer> observers_;
};

}  // namespace synod
