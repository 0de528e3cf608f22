#pragma once
// A POST of JSON through libcurl, with limits on time and size and without redirections.

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
  HttpPoster(std::string address, const std::string& bearer, HttpLimits limits);
  ~HttpPoster();
  HttpPoster(const HttpPoster&) = delete;
  HttpPoster& operator=(const HttpPoster&) = delete;

  /// Posts `json`. What goes wrong stands in the reply; a requested `stop` ends the transfer.
  HttpReply post(const std::string& json, const std::stop_token& stop);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace austeer
