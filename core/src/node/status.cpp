#include <synod/status.hpp>

#include <absl/strings/cord.h>

#include <string>
#include <utility>

#include <synod/bytes.hpp>

namespace synod {
namespace {

constexpr const char* kPayloadName = "synod/append_error";
// A payload can only come from to_status(); the bounds keep a forged one from costing memory.
constexpr std::size_t kRefusalsMax = 1024;
constexpr std::size_t kBytesMax = 1u << 20;

absl::StatusCode code_of(AppendErrorKind kind) {
  switch (kind) {
    case AppendErrorKind::kLost:
    case AppendErrorKind::kRailroaded:
      return absl::StatusCode::kAborted;
    case AppendErrorKind::kNoQuorum:
    case AppendErrorKind::kPassive:
    case AppendErrorKind::kOverloaded:
    case AppendErrorKind::kStorage:
      return absl::StatusCode::kUnavailable;
    case AppendErrorKind::kConverged:
    case AppendErrorKind::kExpired:
      return absl::StatusCode::kOutOfRange;
    case AppendErrorKind::kDisoriented:
    case AppendErrorKind::kExiled:
    case AppendErrorKind::kDecoration:
      return absl::StatusCode::kFailedPrecondition;
    case AppendErrorKind::kUnacceptable:
      return absl::StatusCode::kPermissionDenied;
    case AppendErrorKind::kShutDown:
      return absl::StatusCode::kCancelled;
    case AppendErrorKind::kDeadline:
      return absl::StatusCode::kDeadlineExceeded;
    case AppendErrorKind::kSkipped:
      return absl::StatusCode::kUnknown;
    case AppendErrorKind::kTooLarge:
      return absl::StatusCode::kInvalidArgument;
    case AppendErrorKind::kAlreadyApplied:
      return absl::StatusCode::kAlreadyExists;
  }
  return absl::StatusCode::kUnknown;
}

void write(ByteWriter& out, const std::vector<Refusal>& refusals) {
  out.varint(refusals.size());
  for (const Refusal& refusal : refusals) {
    out.varint(refusal.node.value());
    out.varint(refusal.sections.size());
    for (const VoteSection& section : refusal.sections) {
      out.text(section.name);
      out.bytes(section.bytes.bytes());
    }
  }
}

void read(ByteReader& in, std::vector<Refusal>& refusals) {
  refusals.resize(in.count(kRefusalsMax, 2));
  for (Refusal& refusal : refusals) {
    refusal.node = NodeId(in.varint());
    refusal.sections.resize(in.count(kRefusalsMax, 2));
    for (VoteSection& section : refusal.sections) {
      section.name = std::string(in.text(kBytesMax));
      section.bytes = Payload::copy_of(in.bytes(kBytesMax));
    }
  }
}

std::string encoded(const AppendError& error) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(static_cast<std::uint8_t>(error.kind));
  out.u8(static_cast<std::uint8_t>(error.fate));
  write(out, error.abstentions);
  write(out, error.rejections);
  out.text(error.detail);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

absl::Status to_status(const AppendError& error) {
  std::string text = "the append failed: ";
  text += to_string(error.kind);
  text += ", fate: ";
  text += to_string(error.fate);
  if (!error.detail.empty()) {
    text += ": " + error.detail;
  }
  absl::Status status(code_of(error.kind), text);
  status.SetPayload(kPayloadName, absl::Cord(encoded(error)));
  return status;
}

std::optional<AppendError> append_error(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadName);
  if (!payload.has_value()) {
    return std::nullopt;
  }
  const std::string bytes(*payload);
  ByteReader in(std::as_bytes(std::span(bytes)));
  AppendError error;
  const std::uint8_t kind = in.u8();
  const std::uint8_t fate = in.u8();
  read(in, error.abstentions);
  read(in, error.rejections);
  error.detail = std::string(in.text(kBytesMax));
  if (!in.done() || kind > static_cast<std::uint8_t>(AppendErrorKind::kAlreadyApplied) ||
      fate > static_cast<std::uint8_t>(Fate::kNever)) {
    return std::nullopt;
  }
  error.kind = static_cast<AppendErrorKind>(kind);
  error.fate = static_cast<Fate>(fate);
  return error;
}

}  // namespace synod
