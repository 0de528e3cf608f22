#pragma once
// Transfers through libcurl, the one place that knows it: a POST of JSON, with limits on time and
// size and without redirections, and downloads that a broken transfer can be resumed from.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

namespace austeer {

struct HttpLimits {
  double connect_seconds = 10;
  double total_seconds = 180;
  std::size_t max_bytes = 1 << 20;  ///< of the response's body
};

struct HttpReply {
  long status = 0;         ///< 0 when no whole response came
  std::string body;        ///< as much as came
  double retry_after = 0;  ///< seconds that the server asks for; 0: it does not
  std::string failure;     ///< why no whole response came, in libcurl's words
  bool passing = false;    ///< the failure may pass: a time-out or a dropped connection
  bool too_large = false;  ///< the body passes the limit
};

/// Keeps its connection between posts; for one thread at a time.
class HttpPoster {
 public:
  /// `bearer` is the key of the Authorization header; "" sends none. Throws FileError when libcurl
  /// cannot start.
  HttpPoster(const std::string& address, const std::string& bearer, HttpLimits limits);
  ~HttpPoster();
  HttpPoster(const HttpPoster&) = delete;
  HttpPoster& operator=(const HttpPoster&) = delete;

  /// Posts `json`. What goes wrong stands in the reply; a requested `stop` ends the transfer.
  HttpReply post(const std::string& json, const std::stop_token& stop);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct DownloadOptions {
  /// Continue from what `file` already holds; right only where a hash is checked afterwards, since
  /// the remote file may have changed in between.
  bool resume = false;
  /// A larger file is refused, whatever the server announces.
  std::int64_t max_bytes = std::int64_t{1} << 30;
};

/// Downloads `url` to `file`, with progress. Redirections are followed, to http and https alone.
/// Throws UsageError for another protocol and FileError for everything that fails on the way: the
/// message has the address, the HTTP status and what to try. After a failed transfer `file` holds
/// what arrived.
void download(const std::string& url, const std::filesystem::path& file,
              const DownloadOptions& options = {});

}  // namespace austeer
