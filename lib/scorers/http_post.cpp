#include "scorers/http_post.hpp"

#include <array>
#include <curl/curl.h>

#include "base/error.hpp"

namespace austeer {
namespace {

/// What the callbacks of one transfer share.
struct Transfer {
  HttpReply reply;
  std::size_t max_bytes = 0;
  const std::stop_token& stop;
};

std::size_t take_bytes(char* bytes, std::size_t one, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t size = one * count;
  transfer.reply.too_large = size > transfer.max_bytes - transfer.reply.body.size();
  if (transfer.reply.too_large) return 0;
  transfer.reply.body.append(bytes, size);
  return size;
}

int stop_transfer(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->stop.stop_requested() ? 1 : 0;
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
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle{nullptr, &curl_easy_cleanup};
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers{nullptr,
                                                                      &curl_slist_free_all};
  std::array<char, CURL_ERROR_SIZE> why{};
  HttpLimits limits;

  void add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw FileError("http", "libcurl is out of memory");
    static_cast<void>(headers.release());
    headers.reset(longer);
  }
};

HttpPoster::HttpPoster(std::string address, const std::string& bearer, HttpLimits limits)
    : state_(std::make_unique<State>()) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  state_->limits = limits;
  state_->handle.reset(ready == CURLE_OK ? curl_easy_init() : nullptr);
  CURL* curl = state_->handle.get();
  if (curl == nullptr) throw FileError("http", "libcurl cannot start");
  state_->add_header("Content-Type: application/json");
  state_->add_header("Accept: application/json");
  // No "100 Continue" round: not every server answers it.
  state_->add_header("Expect:");
  if (!bearer.empty()) state_->add_header("Authorization: Bearer " + bearer);
  curl_easy_setopt(curl, CURLOPT_URL, address.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
#else
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTPS | CURLPROTO_HTTP);
#endif
  // A redirection would carry the key to another host.
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "austeer");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, state_->headers.get());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(limits.connect_seconds));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds(limits.total_seconds));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, state_->why.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_bytes);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &stop_transfer);
}

HttpPoster::~HttpPoster() = default;

HttpReply HttpPoster::post(const std::string& json, const std::stop_token& stop) {
  CURL* curl = state_->handle.get();
  Transfer transfer{{}, state_->limits.max_bytes, stop};
  state_->why[0] = '\0';
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json.c_str());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json.size()));
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    transfer.reply.failure = state_->why[0] != '\0' ? state_->why.data() : curl_easy_strerror(code);
    transfer.reply.passing = may_pass(code);
    return transfer.reply;
  }
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &transfer.reply.status);
  curl_off_t wait = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
  transfer.reply.retry_after = static_cast<double>(wait);
  return transfer.reply;
}

}  // namespace austeer
