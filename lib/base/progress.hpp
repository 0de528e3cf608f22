#pragma once
// Progress of a long loop: done, rate and time left, on stderr. On a terminal one line is redrawn;
// elsewhere a line is logged every ten seconds, so that log files stay short.

#include <chrono>
#include <cstdint>
#include <string>

namespace austeer {

/// 3725 seconds as "1:02:05", 65 as "1:05".
std::string clock_text(double seconds);

class Progress {
 public:
  /// `label` says what is counted ("collect copa"), `unit` in what ("texts"). `already_done` items
  /// were finished by an earlier run: they count as done but not towards the rate.
  Progress(std::string label, std::string unit, std::int64_t total, std::int64_t already_done = 0);
  /// Ends the line on a terminal and logs the total.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::int64_t items);

  /// Items per second since construction.
  double rate() const;

  /// No progress is shown after this (--quiet, --json). For the whole process.
  static void silence();

 private:
  void show() const;
  double elapsed() const;

  std::string label_;
  std::string unit_;
  std::int64_t total_;
  std::int64_t already_done_;
  std::int64_t done_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_shown_;
};

}  // namespace austeer
