#pragma once
// Downloads over https, http and file, to a file that a broken transfer can be resumed from.

#include <cstdint>
#include <filesystem>
#include <string>

namespace austeer {

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
