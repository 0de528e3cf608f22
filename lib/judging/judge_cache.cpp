#include "judging/judge_cache.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/names.hpp"

namespace austeer {
namespace {

// How every line begins. What a crash leaves of one is known by it.
constexpr std::string_view line_start = R"({"key":")";

[[noreturn]] void fail(std::string_view step, const std::filesystem::path& file) {
  const int error = errno;
  const std::string hint = error == ENOSPC || error == EDQUOT || error == EFBIG
                               ? "The disk is full, or a quota or limit is reached; free some "
                                 "space and run again: finished answers are kept"
                               : "";
  throw FileError("judge", fmt::format("{} {}: {}", step, file.string(), std::strerror(error)),
                  hint);
}

/// The key and the answer of a line.
std::pair<std::string, std::string> read_line(std::string_view line, const std::string& place) {
  const Json json = parse_json(line, place);
  Fields fields(json, place);
  auto key = fields.required<std::string>("key");
  if (!is_sha256(key)) fields.refuse("key", "64 lower-case hex digits", key);
  fields.required<std::string>("model");
  auto answer = fields.required<std::string>("answer");
  fields.refuse_unknown();
  return {std::move(key), std::move(answer)};
}

/// Whether `rest`, which no line break ends, is the beginning of a line of ours.
bool is_torn_line(std::string_view rest) {
  const std::size_t common = std::min(rest.size(), line_start.size());
  return rest.substr(0, common) == line_start.substr(0, common);
}

}  // namespace

JudgeCache::JudgeCache(const std::filesystem::path& file) : file_(file) {
  descriptor_ =
      ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
  if (descriptor_ < 0) fail("cannot open", file_);
  try {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      throw FileError("judge", fmt::format("{} is in use by another process", file_.string()),
                      "Wait for it to finish, or name another file with --cache");
    }
    load();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

JudgeCache::~JudgeCache() { ::close(descriptor_); }

void JudgeCache::load() {
  const std::string bytes = read_file(file_);
  std::size_t done = 0;
  for (int number = 1; done < bytes.size(); ++number) {
    const std::size_t end = bytes.find('\n', done);
    if (end == std::string::npos) break;
    const std::string place = fmt::format("{}:{}", file_.string(), number);
    auto [key, answer] = read_line(std::string_view(bytes).substr(done, end - done), place);
    const auto [known, is_new] = answers_.emplace(std::move(key), std::move(answer));
    if (!is_new) {
      throw FormatError({place + ": a second answer to a question", "one",
                         "its key stands above as well", "Remove one of the two lines"});
    }
    done = end + 1;
  }
  if (done == bytes.size()) return;
  const std::string_view rest = std::string_view(bytes).substr(done);
  if (!is_torn_line(rest)) {
    throw FormatError({fmt::format("[judge] {}", file_.string()), "one answer a line",
                       "something else at its end", "Name another file with --cache"});
  }
  spdlog::warn("{}: the last line was cut off and is dropped; its question will be asked again",
               file_.string());
  if (::ftruncate(descriptor_, static_cast<off_t>(done)) != 0 || ::fsync(descriptor_) != 0) {
    fail("cannot shorten", file_);
  }
}

std::optional<std::string> JudgeCache::find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = answers_.find(key);
  if (found == answers_.end()) return std::nullopt;
  return found->second;
}

std::size_t JudgeCache::size() const {
  const std::lock_guard lock(mutex_);
  return answers_.size();
}

void JudgeCache::add(const std::string& key, const std::string& model, const std::string& answer) {
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = answers_.emplace(key, answer);
  if (!is_new) return;
  try {
    append(to_text({{"key", key}, {"model", model}, {"answer", answer}}) + "\n");
  } catch (...) {
    answers_.erase(known);
    throw;
  }
}

void JudgeCache::append(const std::string& line) {
  struct stat before {};
  if (::fstat(descriptor_, &before) != 0) fail("cannot read", file_);
  std::string_view left = line;
  while (!left.empty()) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      // Where this fails too, the next run drops the torn line.
      static_cast<void>(::ftruncate(descriptor_, before.st_size) == 0);
      errno = error;
      fail("cannot write", file_);
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor_) != 0) fail("cannot flush", file_);
}

}  // namespace austeer
