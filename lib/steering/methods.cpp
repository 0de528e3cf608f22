#include "steering/methods.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/names.hpp"
#include "steering/ranking_methods.hpp"

namespace austeer {

namespace {

/// What Fields finds wrong with options is wrong usage: they come from the command line.
template <typename Action>
auto as_usage(const Action& action) {
  try {
    return action();
  } catch (const FormatError& error) {
    throw UsageError(ErrorParts{error.what(), "", "", ""});
  }
}

}  // namespace

MethodOptions::MethodOptions(const Json& given, std::string_view method)
    : fields_(as_usage([&] { return Fields(given, fmt::format("[rank] method {}", method)); })) {}

bool MethodOptions::has(const std::string& key) const { return fields_.has(key); }

template <typename T>
T MethodOptions::read(const std::string& key, const T* fallback) {
  const T value = as_usage([&] {
    return fallback == nullptr ? fields_.required<T>(key) : fields_.optional<T>(key, *fallback);
  });
  resolved_[key] = value;
  return value;
}

std::string MethodOptions::choice(const std::string& key, std::vector<std::string> names) {
  const std::string value = read<std::string>(key, &names.front());
  if (std::ranges::find(names, value) != names.end()) return value;
  throw UsageError({fmt::format("{}: unknown {} '{}'", fields_.place(), key, value), "", "",
                    suggestion(value, names)});
}

double MethodOptions::number(const std::string& key, double fallback, double least, double most) {
  const double value = read<double>(key, &fallback);
  if (value >= least && value <= most) return value;
  throw UsageError({fmt::format("{}: {} is out of range", fields_.place(), key),
                    fmt::format("{} to {}", least, most), fmt::format("{}", value), ""});
}

std::int64_t MethodOptions::whole(const std::string& key, std::int64_t fallback, std::int64_t least,
                                  std::int64_t most) {
  return bounded(key, read<std::int64_t>(key, &fallback), least, most);
}

std::int64_t MethodOptions::required_whole(const std::string& key, std::int64_t least,
                                           std::int64_t most) {
  return bounded(key, read<std::int64_t>(key, nullptr), least, most);
}

std::string MethodOptions::required_text(const std::string& key) {
  return read<std::string>(key, nullptr);
}

void MethodOptions::refuse(const std::string& key, std::string_view reason) const {
  throw UsageError({fmt::format("{}: {}: {}", fields_.place(), key, reason), "", "", ""});
}

Json MethodOptions::resolved() const {
  as_usage([&] { fields_.refuse_unknown(); });
  return resolved_;
}

std::int64_t MethodOptions::bounded(const std::string& key, std::int64_t value, std::int64_t least,
                                    std::int64_t most) const {
  if (value >= least && value <= most) return value;
  throw UsageError({fmt::format("{}: {} is out of range", fields_.place(), key),
                    fmt::format("{} to {}", least, most), std::to_string(value), ""});
}

const Registry<Method>& methods() {
  static const Registry<Method> registry = [] {
    Registry<Method> all("method");
    all.add("austeer", {"units whose momentum agrees in sign over the pairs (arXiv 2602.04428)",
                        {"ffn"},
                        rank_austeer,
                        austeer_reads});
    all.add("iti", {"heads that probes read best, shifted (arXiv 2306.03341)",
                    {"attention"},
                    rank_iti,
                    iti_reads});
    all.add("caa", {"the mean difference of a layer's output (arXiv 2312.06681)",
                    {"layer"},
                    rank_caa,
                    caa_reads});
    all.add("sadi", {"heads, neurons or dimensions with the highest mean momentum, scaled "
                     "(arXiv 2410.12299)",
                     {"attention"},
                     rank_sadi,
                     sadi_reads});
    all.add("sta", {"a layer's vector of the sparse autoencoder atoms that tell answers apart "
                    "(arXiv 2505.20322)",
                    {"layer"},
                    rank_sta,
                    sta_reads});
    return all;
  }();
  return registry;
}

}  // namespace austeer
