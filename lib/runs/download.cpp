#include "runs/download.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/progress.hpp"

namespace austeer {
namespace {

constexpr long connect_seconds = 30;
constexpr long stalled_seconds = 60;            // a transfer that stays below ...
constexpr long stalled_bytes_per_second = 100;  // ... this rate that long is given up
constexpr long http_range_not_satisfiable = 416;

void refuse_other_protocols(const std::string& url) {
  for (const char* prefix : {"https://", "http://", "file://"}) {
    if (url.starts_with(prefix)) return;
  }
  throw UsageError({fmt::format("[download] {}", url), "an address with https, http or file",
                    "another protocol", ""});
}

/// The file being written, and what the callbacks of libcurl found wrong with it.
struct Target {
  std::filesystem::path file;
  std::string label;  ///< what progress calls it: the end of the address
  std::int64_t max_bytes = 0;
  std::int64_t start = 0;  ///< bytes that were there before this transfer
  std::int64_t size = 0;
  std::int64_t shown = 0;  ///< KiB that progress knows of
  int descriptor = -1;
  int write_error = 0;
  bool too_large = false;
  std::unique_ptr<Progress> progress;

  Target(const std::string& url, const std::filesystem::path& path, const DownloadOptions& options,
         bool resume)
      : file(path), label(url.substr(url.rfind('/') + 1)), max_bytes(options.max_bytes) {
    const int mode = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (resume ? O_APPEND : O_TRUNC);
    descriptor = ::open(file.c_str(), mode, 0644);
    struct stat status {};
    if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
      throw FileError("download",
                      fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)),
                      "Does the folder exist, and may you write to it?");
    }
    start = size = status.st_size;
  }
  ~Target() { ::close(descriptor); }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
};

std::size_t write_bytes(char* bytes, std::size_t one, std::size_t count, void* user) {
  auto& target = *static_cast<Target*>(user);
  std::size_t left = one * count;
  target.size += static_cast<std::int64_t>(left);
  target.too_large = target.size > target.max_bytes;
  if (target.too_large) return 0;
  while (left > 0) {
    const ssize_t written = ::write(target.descriptor, bytes, left);
    if (written < 0) {
      if (errno == EINTR) continue;
      target.write_error = errno;
      return 0;
    }
    bytes += written;
    left -= static_cast<std::size_t>(written);
  }
  return one * count;
}

// Called by libcurl while the transfer runs; `total` is 0 until the server has announced it. No
// progress before the first byte of the file, so that a refusal shows none.
int show_progress(void* user, curl_off_t total, curl_off_t, curl_off_t, curl_off_t) {
  auto& target = *static_cast<Target*>(user);
  constexpr std::int64_t kib = 1024;
  if (total <= 0 || target.size == target.start) return 0;
  if (!target.progress) {
    target.shown = target.start / kib;
    target.progress = std::make_unique<Progress>("download " + target.label, "KiB",
                                                 (target.start + total) / kib, target.shown);
  }
  target.progress->advance(target.size / kib - target.shown);
  target.shown = target.size / kib;
  return 0;
}

using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

Curl make_handle(const std::string& url, Target& target, std::array<char, CURL_ERROR_SIZE>& why) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  Curl handle(ready == CURLE_OK ? curl_easy_init() : nullptr, &curl_easy_cleanup);
  CURL* curl = handle.get();
  if (curl == nullptr) throw FileError("download", "libcurl cannot start");
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http,file");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https,http");
#else
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTPS | CURLPROTO_HTTP | CURLPROTO_FILE);
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTPS | CURLPROTO_HTTP);
#endif
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "austeer");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, connect_seconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, stalled_bytes_per_second);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stalled_seconds);
  curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(target.max_bytes));
  curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(target.size));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &write_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &target);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &show_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &target);
  return handle;
}

[[noreturn]] void refuse_transfer(const std::string& url, const Target& target, CURLcode code,
                                  long status, const char* why) {
  const std::string what = fmt::format("[download] {}", url);
  if (target.write_error != 0) {
    throw FileError(
        {fmt::format("{}: cannot write {}", what, target.file.string()), "",
         std::strerror(target.write_error),
         target.write_error == ENOSPC ? "The disk is full; free some space and run again" : ""});
  }
  if (target.too_large || code == CURLE_FILESIZE_EXCEEDED) {
    throw FileError({what, fmt::format("at most {} bytes", target.max_bytes), "a larger file", ""});
  }
  if (code == CURLE_HTTP_RETURNED_ERROR) {
    throw FileError({what, "the file", fmt::format("HTTP status {}", status),
                     "Has the file moved, or does it need another address?"});
  }
  const std::string found = *why != '\0' ? why : curl_easy_strerror(code);
  throw FileError({what, "the whole file", fmt::format("{} bytes, then: {}", target.size, found),
                   "Is the network there? Run again to continue"});
}

/// One transfer. Returns false when the server cannot continue where `file` ends.
bool transfer(const std::string& url, const std::filesystem::path& file,
              const DownloadOptions& options, bool resume) {
  Target target(url, file, options, resume);
  const bool resumed = target.size > 0;
  std::array<char, CURL_ERROR_SIZE> why{};
  const Curl handle = make_handle(url, target, why);
  const CURLcode code = curl_easy_perform(handle.get());
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  if (resumed && (code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME ||
                  code == CURLE_FILE_COULDNT_READ_FILE || status == http_range_not_satisfiable)) {
    return false;
  }
  if (code != CURLE_OK) refuse_transfer(url, target, code, status, why.data());
  if (::fsync(target.descriptor) != 0) {
    throw FileError("download",
                    fmt::format("cannot flush {}: {}", file.string(), std::strerror(errno)));
  }
  return true;
}

}  // namespace

void download(const std::string& url, const std::filesystem::path& file,
              const DownloadOptions& options) {
  refuse_other_protocols(url);
  if (!transfer(url, file, options, options.resume)) transfer(url, file, options, false);
}

}  // namespace austeer
