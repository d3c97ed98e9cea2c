#include <utility>

#include <synod/journal.hpp>
#include <synod/memory_storage.hpp>
#include <synod/node_options.hpp>
#include <synod/posix_file_system.hpp>
#include <synod/tcp_communicator.hpp>

namespace synod {
namespace {

// A journal together with the directory that it is in.
class JournalInDirectory final : public Storage {
 public:
  JournalInDirectory(std::string directory, Copies copies, const HostContext& context)
      : files_(std::move(directory), context.runtime),
        journal_(files_, {.cluster = context.cluster, .node = context.id, .copies = copies}) {}

  void load(LoadDone done) override { journal_.load(std::move(done)); }
  WriteStart write(const WriteBatch& batch, WriteDone done) override {
    return journal_.write(batch, std::move(done));
  }
  void save(SnapshotPtr snapshot, WriteDone done) override {
    journal_.save(std::move(snapshot), std::move(done));
  }
  std::uint64_t size() const override { return journal_.size(); }

 private:
  PosixFileSystem files_;
  Journal journal_;
};

}  // namespace

CommunicatorFactory tcp(std::string address) {
  return [address = std::move(address)](
             const HostContext& context) -> absl::StatusOr<std::unique_ptr<Communicator>> {
    auto communicator = std::make_unique<TcpCommunicator>(context.strand, address,
                                                          TcpOptions{.limits = context.limits});
    const absl::Status listening = communicator->listen();
    if (!listening.ok()) {
      return listening;
    }
    return communicator;
  };
}

StorageFactory journal(std::string directory, Copies copies) {
  return [directory = std::move(directory), copies](
             const HostContext& context) -> absl::StatusOr<std::unique_ptr<Storage>> {
    return std::make_unique<JournalInDirectory>(directory, copies, context);
  };
}

StorageFactory memory() {
  return [](const HostContext& context) -> absl::StatusOr<std::unique_ptr<Storage>> {
    return std::make_unique<MemoryStorage>(context.runtime);
  };
}

}  // namespace synod
