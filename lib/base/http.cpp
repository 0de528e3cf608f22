#include "base/http.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/progress.hpp"

namespace austeer {
namespace {

/// A transfer of libcurl, with what all of them have in common.
class CurlHandle {
 public:
  /// `protocols` as curl names them, joined by commas. Throws FileError when libcurl cannot start;
  /// `what` opens the message.
  CurlHandle(const char* what, const std::string& address, long protocols,
             const char* protocol_names)
      : why_(std::make_unique<std::array<char, CURL_ERROR_SIZE>>()) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    curl_.reset(ready == CURLE_OK ? curl_easy_init() : nullptr);
    if (!curl_) throw FileError(what, "libcurl cannot start");
    set(CURLOPT_URL, address.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
    static_cast<void>(protocols);
    set(CURLOPT_PROTOCOLS_STR, protocol_names);
#else
    static_cast<void>(protocol_names);
    set(CURLOPT_PROTOCOLS, protocols);
#endif
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "austeer");
    set(CURLOPT_ERRORBUFFER, why_->data());
    set(CURLOPT_NOPROGRESS, 0L);
  }

  template <typename T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(curl_.get(), option, value);
  }

  CURLcode perform() {
    (*why_)[0] = '\0';
    return curl_easy_perform(curl_.get());
  }

  template <typename T>
  T info(CURLINFO which) const {
    T value = 0;
    curl_easy_getinfo(curl_.get(), which, &value);
    return value;
  }

  /// Why the last transfer ended with `code`, in libcurl's words.
  std::string failure(CURLcode code) const {
    return (*why_)[0] != '\0' ? why_->data() : curl_easy_strerror(code);
  }

 private:
  std::unique_ptr<std::array<char, CURL_ERROR_SIZE>> why_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_{nullptr, &curl_easy_cleanup};
};

/// What the callbacks of one post share.
struct Post {
  HttpReply reply;
  std::size_t max_bytes = 0;
  const std::stop_token& stop;
};

std::size_t take_bytes(char* bytes, std::size_t one, std::size_t count, void* user) {
  auto& post = *static_cast<Post*>(user);
  const std::size_t size = one * count;
  post.reply.too_large = size > post.max_bytes - post.reply.body.size();
  if (post.reply.too_large) return 0;
  post.reply.body.append(bytes, size);
  return size;
}

int stop_transfer(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Post*>(user)->stop.stop_requested() ? 1 : 0;
}

bool may_pass(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

long milliseconds(double seconds) { return static_cast<long>(seconds * 1000); }

}  // namespace

struct HttpPoster::State {
  CurlHandle curl;
  HttpLimits limits;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers{nullptr,
                                                                      &curl_slist_free_all};

  void add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw FileError("http", "libcurl is out of memory");
    static_cast<void>(headers.release());
    headers.reset(longer);
  }
};

HttpPoster::HttpPoster(const std::string& address, const std::string& bearer, HttpLimits limits)
    : state_(new State{{"http", address, CURLPROTO_HTTPS | CURLPROTO_HTTP, "https,http"}, limits}) {
  state_->add_header("Content-Type: application/json");
  state_->add_header("Accept: application/json");
  // No "100 Continue" round: not every server answers it.
  state_->add_header("Expect:");
  if (!bearer.empty()) state_->add_header("Authorization: Bearer " + bearer);
  CurlHandle& curl = state_->curl;
  // A redirection would carry the key to another host.
  curl.set(CURLOPT_FOLLOWLOCATION, 0L);
  curl.set(CURLOPT_HTTPHEADER, state_->headers.get());
  curl.set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(limits.connect_seconds));
  curl.set(CURLOPT_TIMEOUT_MS, milliseconds(limits.total_seconds));
  curl.set(CURLOPT_WRITEFUNCTION, &take_bytes);
  curl.set(CURLOPT_XFERINFOFUNCTION, &stop_transfer);
}

HttpPoster::~HttpPoster() = default;

HttpReply HttpPoster::post(const std::string& json, const std::stop_token& stop) {
  CurlHandle& curl = state_->curl;
  Post post{{}, state_->limits.max_bytes, stop};
  curl.set(CURLOPT_POSTFIELDS, json.c_str());
  curl.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json.size()));
  curl.set(CURLOPT_WRITEDATA, &post);
  curl.set(CURLOPT_XFERINFODATA, &post);
  const CURLcode code = curl.perform();
  if (code != CURLE_OK) {
    post.reply.failure = curl.failure(code);
    post.reply.passing = may_pass(code);
    return post.reply;
  }
  post.reply.status = curl.info<long>(CURLINFO_RESPONSE_CODE);
  post.reply.retry_after = static_cast<double>(curl.info<curl_off_t>(CURLINFO_RETRY_AFTER));
  return post.reply;
}

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

CurlHandle download_handle(const std::string& url, Target& target) {
  CurlHandle curl("download", url, CURLPROTO_HTTPS | CURLPROTO_HTTP | CURLPROTO_FILE,
                  "https,http,file");
#if LIBCURL_VERSION_NUM >= 0x075500
  curl.set(CURLOPT_REDIR_PROTOCOLS_STR, "https,http");
#else
  curl.set(CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTPS | CURLPROTO_HTTP);
#endif
  curl.set(CURLOPT_FOLLOWLOCATION, 1L);
  curl.set(CURLOPT_MAXREDIRS, 10L);
  curl.set(CURLOPT_FAILONERROR, 1L);
  curl.set(CURLOPT_CONNECTTIMEOUT, connect_seconds);
  curl.set(CURLOPT_LOW_SPEED_LIMIT, stalled_bytes_per_second);
  curl.set(CURLOPT_LOW_SPEED_TIME, stalled_seconds);
  curl.set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(target.max_bytes));
  curl.set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(target.size));
  curl.set(CURLOPT_WRITEFUNCTION, &write_bytes);
  curl.set(CURLOPT_WRITEDATA, &target);
  curl.set(CURLOPT_XFERINFOFUNCTION, &show_progress);
  curl.set(CURLOPT_XFERINFODATA, &target);
  return curl;
}

[[noreturn]] void refuse_transfer(const std::string& url, const Target& target, CURLcode code,
                                  long status, const std::string& why) {
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
  throw FileError({what, "the whole file", fmt::format("{} bytes, then: {}", target.size, why),
                   "Is the network there? Run again to continue"});
}

/// One transfer. Returns false when the server cannot continue where `file` ends.
bool transfer(const std::string& url, const std::filesystem::path& file,
              const DownloadOptions& options, bool resume) {
  Target target(url, file, options, resume);
  const bool resumed = target.size > 0;
  CurlHandle curl = download_handle(url, target);
  const CURLcode code = curl.perform();
  const long status = curl.info<long>(CURLINFO_RESPONSE_CODE);
  if (resumed && (code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME ||
                  code == CURLE_FILE_COULDNT_READ_FILE || status == http_range_not_satisfiable)) {
    return false;
  }
  if (code != CURLE_OK) refuse_transfer(url, target, code, status, curl.failure(code));
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
