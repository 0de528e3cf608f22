#pragma once
// Verdicts on disk, one JSON line each, so that none is asked (and paid) for twice: not after a
// crash, and not for another result that shares responses.

#include <cstddef>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "scorers/judge_prompt.hpp"

namespace austeer {

/// What a judge answered to one question.
struct Judgement {
  std::optional<Verdict> verdict;  ///< none: it was asked twice and gave no valid one
  std::string answer;              ///< its words
};

/// The key of a question: SHA-256 over the judge model, the judge prompt's version, and the texts.
std::string verdict_key(std::string_view model, std::string_view prompt, std::string_view first,
                        std::string_view second);

/// An append-only file with one owner at a time. Usable from several threads.
class VerdictCache {
 public:
  /// Opens or creates `file`. A last line that a crash cut off is removed, with a warning. Throws
  /// FileError, also when another process has the file, and FormatError, naming the line, for
  /// anything that is no verdict; such a file is left as it is.
  explicit VerdictCache(const std::filesystem::path& file);
  ~VerdictCache();
  VerdictCache(const VerdictCache&) = delete;
  VerdictCache& operator=(const VerdictCache&) = delete;

  std::optional<Judgement> find(const std::string& key) const;
  std::size_t size() const;

  /// Appends a line and flushes it to disk before it returns. Throws FileError; a line that is
  /// written in part, as on a full disk, is taken back.
  void add(const std::string& key, const std::string& model, const Judgement& judgement);

 private:
  void load();
  void append(const std::string& line);

  std::filesystem::path file_;
  int descriptor_ = -1;
  mutable std::mutex mutex_;
  std::map<std::string, Judgement> judgements_;
};

}  // namespace austeer
