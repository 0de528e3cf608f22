#pragma once
// What a judge answered, on disk, one JSON line per question, so that none is asked (and paid) for
// twice: not after a crash, and not for another result that shares responses.

#include <cstddef>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace austeer {

/// An append-only file with one owner at a time. Usable from several threads.
class JudgeCache {
 public:
  /// Opens or creates `file`. A last line that a crash cut off is removed, with a warning. Throws
  /// FileError, also when another process has the file, and FormatError, naming the line, for
  /// anything that is no answer; such a file is left as it is.
  explicit JudgeCache(const std::filesystem::path& file);
  ~JudgeCache();
  JudgeCache(const JudgeCache&) = delete;
  JudgeCache& operator=(const JudgeCache&) = delete;

  /// The answer to the question of this key (JudgeQuestion::key).
  std::optional<std::string> find(const std::string& key) const;
  std::size_t size() const;

  /// Appends a line and flushes it to disk before it returns. Throws FileError; a line that is
  /// written in part, as on a full disk, is taken back.
  void add(const std::string& key, const std::string& model, const std::string& answer);

 private:
  void load();
  void append(const std::string& line);

  std::filesystem::path file_;
  int descriptor_ = -1;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> answers_;  ///< by the key of their question
};

}  // namespace austeer
