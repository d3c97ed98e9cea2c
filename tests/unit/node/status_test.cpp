#include <synod/status.hpp>

#include <gtest/gtest.h>

namespace synod {
namespace {

AppendError refused_error() {
  AppendError error;
  error.kind = AppendErrorKind::kNoQuorum;
  error.fate = Fate::kUnknown;
  error.detail = "two of three abstained";
  error.abstentions.push_back({NodeId(2), {{"lease", Payload::copy_of("until noon")}}});
  error.rejections.push_back({NodeId(3), {}});
  return error;
}

TEST(Status, GivesBackTheErrorThatItWasMadeFrom) {
  const absl::Status status = to_status(refused_error());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  const std::optional<AppendError> error = append_error(status);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind, AppendErrorKind::kNoQuorum);
  EXPECT_EQ(error->fate, Fate::kUnknown);
  EXPECT_EQ(error->detail, "two of three abstained");
  ASSERT_EQ(error->abstentions.size(), 1u);
  EXPECT_EQ(error->abstentions[0].node, NodeId(2));
  EXPECT_EQ(error->abstentions[0].sections[0].name, "lease");
  EXPECT_EQ(error->abstentions[0].sections[0].bytes.text(), "until noon");
  ASSERT_EQ(error->rejections.size(), 1u);
  EXPECT_EQ(error->rejections[0].node, NodeId(3));
}

TEST(Status, SaysNothingOfAStatusFromElsewhere) {
  EXPECT_FALSE(append_error(absl::OkStatus()).has_value());
  EXPECT_FALSE(append_error(absl::AbortedError("not ours")).has_value());
}

TEST(Status, RefusesAPayloadThatIsCutShort) {
  absl::Status status = to_status(refused_error());
  const std::string whole(*status.GetPayload("synod/append_error"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    status.SetPayload("synod/append_error", absl::Cord(whole.substr(0, size)));
    EXPECT_FALSE(append_error(status).has_value()) << size << " of " << whole.size() << " bytes";
  }
}

TEST(Status, MapsEachKindAsTheHeaderSays) {
  const auto code = [](AppendErrorKind kind) {
    AppendError error;
    error.kind = kind;
    return to_status(error).code();
  };
  EXPECT_EQ(code(AppendErrorKind::kLost), absl::StatusCode::kAborted);
  EXPECT_EQ(code(AppendErrorKind::kRailroaded), absl::StatusCode::kAborted);
  EXPECT_EQ(code(AppendErrorKind::kPassive), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(AppendErrorKind::kOverloaded), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(AppendErrorKind::kStorage), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(AppendErrorKind::kConverged), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(code(AppendErrorKind::kExpired), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(code(AppendErrorKind::kDisoriented), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(AppendErrorKind::kExiled), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(AppendErrorKind::kDecoration), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(AppendErrorKind::kUnacceptable), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(AppendErrorKind::kShutDown), absl::StatusCode::kCancelled);
  EXPECT_EQ(code(AppendErrorKind::kDeadline), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(code(AppendErrorKind::kSkipped), absl::StatusCode::kUnknown);
  EXPECT_EQ(code(AppendErrorKind::kTooLarge), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(AppendErrorKind::kAlreadyApplied), absl::StatusCode::kAlreadyExists);
}

}  // namespace
}  // namespace synod
