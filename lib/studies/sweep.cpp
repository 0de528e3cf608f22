#include "studies/sweep.hpp"

#include <charconv>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/locks.hpp"
#include "studies/benches.hpp"

namespace austeer {
namespace {

[[noreturn]] void refuse_shard(const std::string& text) {
  throw UsageError({"[sweep] not a shard", "I/N, with I from 1 to N, such as 2/8", text, ""});
}

std::int64_t shard_number(std::string_view digits, const std::string& text) {
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end || value < 1) refuse_shard(text);
  return value;
}

}  // namespace

Shard parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) refuse_shard(text);
  const std::string_view whole = text;
  const Shard shard{shard_number(whole.substr(0, slash), text),
                    shard_number(whole.substr(slash + 1), text)};
  if (shard.index > shard.count) refuse_shard(text);
  return shard;
}

SweepReport sweep(const Study& study, const StudyFolder& folder, const Shard& shard) {
  folder.make();
  const std::vector<Entry> entries = entries_of(study);
  SweepReport report;
  Benches benches(study, folder);
  const auto run = [&](const Entry& entry) {
    write_outcome(folder, study, entry, run_entry(study, entry, benches.at(entry), report));
    ++report.entries;
  };
  std::vector<const Entry*> taken;  // by other processes, when their turn came
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!shard.has(i)) continue;
    const auto lock = FileLock::try_take(folder.lock(outcome_key(study, entries[i])));
    if (!lock) {
      taken.push_back(&entries[i]);
      continue;
    }
    run(entries[i]);
    spdlog::info("{} of {} entries: {}", i + 1, entries.size(), entry_text(entries[i]));
  }
  for (const Entry* entry : taken) run(*entry);  // helps with what is still missing
  return report;
}

}  // namespace austeer
