#include "scorers/joined_scores.hpp"

#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json_lines.hpp"
#include "base/names.hpp"

namespace austeer {
namespace {

/// The text's hash and its score.
std::pair<std::string, double> read_line(const Json& line, const std::string& place) {
  Fields fields(line, place);
  const bool has_text = fields.has("text");
  std::string hash = has_text ? sha256(fields.required<std::string>("text"))
                              : fields.required<std::string>("text_sha256");
  if (!is_sha256(hash)) {
    throw FormatError({place + ": text_sha256 is no hash", "64 lower-case hex digits", hash, ""});
  }
  const double score = fields.required<double>("toxicity");
  if (!(score >= 0 && score <= 1)) {
    throw FormatError(
        {place + ": toxicity is no score", "a number from 0 to 1", fmt::format("{}", score), ""});
  }
  return {std::move(hash), score};
}

}  // namespace

JoinedScores::JoinedScores(const std::filesystem::path& file) : file_(file) {
  const std::string bytes = read_file(file);
  fingerprint_ = sha256(bytes);
  for_each_json_line(bytes, file.string(), [&](const Json& line, const std::string& place) {
    const auto [hash, score] = read_line(line, place);
    const auto [known, is_new] = scores_.emplace(hash, score);
    if (!is_new && known->second != score) {
      throw FormatError({place + ": the text has another score above",
                         fmt::format("{}", known->second), fmt::format("{}", score), ""});
    }
  });
  if (scores_.empty()) {
    throw FormatError("scores", file.string() + ": the file holds no scores");
  }
}

std::vector<double> JoinedScores::score(std::span<const std::string> texts) const {
  std::vector<double> result;
  for (const std::string& text : texts) {
    const std::string hash = sha256(text);
    const auto found = scores_.find(hash);
    if (found == scores_.end()) {
      throw FormatError("scores",
                        fmt::format("{} has no score for the text with the hash {}: '{}'",
                                    file_.string(), hash, text.substr(0, 60)),
                        "Score the texts of the result's .jsonl, field 'scored', and join again");
    }
    result.push_back(found->second);
  }
  return result;
}

Json JoinedScores::description() const {
  return {{"kind", "joined scores"},
          {"name", file_.filename().string()},
          {"fingerprint", fingerprint_},
          {"texts", scores_.size()}};
}

}  // namespace austeer
