#include "base/progress.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace austeer {
namespace {

bool silent = false;

bool on_terminal() {
  static const bool terminal = ::isatty(STDERR_FILENO) == 1;
  return terminal;
}

}  // namespace

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                       : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

void Progress::silence() { silent = true; }

Progress::Progress(std::string label, std::string unit, std::int64_t total,
                   std::int64_t already_done)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      already_done_(already_done),
      start_(std::chrono::steady_clock::now()),
      last_shown_(start_) {}

Progress::~Progress() {
  if (silent) return;
  if (on_terminal()) std::fputs("\r\033[K", stderr);
  spdlog::info("{}: {} {} in {} ({:.1f} {}/s)", label_, done_, unit_, clock_text(elapsed()), rate(),
               unit_);
}

void Progress::advance(std::int64_t items) {
  done_ += items;
  const auto now = std::chrono::steady_clock::now();
  const auto pause = on_terminal() ? std::chrono::milliseconds(100) : std::chrono::seconds(10);
  if (silent || now - last_shown_ < pause) return;
  last_shown_ = now;
  show();
}

double Progress::rate() const {
  const double seconds = elapsed();
  return seconds > 0 ? static_cast<double>(done_) / seconds : 0.0;
}

void Progress::show() const {
  const std::int64_t finished = already_done_ + done_;
  const double left = rate() > 0 ? static_cast<double>(total_ - finished) / rate() : 0.0;
  const std::string line = fmt::format(
      "{}: {}/{} {} ({:.0f} %), {:.1f} {}/s, {} left", label_, finished, total_, unit_,
      100.0 * static_cast<double>(finished) / static_cast<double>(total_ > 0 ? total_ : 1), rate(),
      unit_, clock_text(left));
  if (on_terminal()) {
    fmt::print(stderr, "\r\033[K{}", line);
    std::fflush(stderr);
  } else {
    spdlog::info("{}", line);
  }
}

double Progress::elapsed() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

}  // namespace austeer
