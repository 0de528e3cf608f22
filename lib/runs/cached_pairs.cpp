#include "runs/cached_pairs.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "base/paths.hpp"
#include "runs/chat_format.hpp"
#include "runs/similarity.hpp"
#include "tasks/task.hpp"

namespace austeer {
namespace {

std::optional<Task> task_of_cache(const std::string& name, const std::string& fingerprint) {
  const std::filesystem::path configs = project_folder("configs");
  if (!name.empty()) return load_task(name, configs);
  for (const std::string& known : task_names(configs)) {
    Task task = load_task(known, configs);
    if (task.fingerprint() == fingerprint) return task;
  }
  return std::nullopt;
}

std::string split_of_cache(const std::string& given, const CacheDescription& description) {
  const auto recorded = description.names.find("split");
  if (!given.empty()) return given;
  return recorded == description.names.end() ? "train" : recorded->second;
}

/// Of a task's pairs those that were to be collected first, without those that were dropped.
void keep_collected(std::vector<Pair>& pairs, const CacheDescription& description) {
  std::vector<std::int64_t> dropped;
  if (description.void_pairs.are_dropped) dropped = description.void_pairs.all();
  const auto wanted = static_cast<std::size_t>(description.pairs) + dropped.size();
  pairs.resize(std::min(pairs.size(), wanted));
  for (auto pair = dropped.rbegin(); pair != dropped.rend(); ++pair) {
    if (*pair < std::ssize(pairs)) pairs.erase(pairs.begin() + *pair);
  }
}

}  // namespace

CachedPairs pairs_of_cache(const ActivationCache& cache, const PairSource& source,
                           const RunOptions& run, const Model* model) {
  const CacheDescription& description = cache.description();
  const std::optional<Task> task = task_of_cache(source.task, description.fingerprints.at("task"));
  if (!task) {
    return {{},
            "the cache was collected for none of the tasks in configs/tasks/ as they are now: "
            "--pairs-task names another"};
  }
  const std::string split = split_of_cache(source.split, description);
  try {
    const std::filesystem::path folder = datasets_folder(run, task->config().dataset);
    std::vector<Pair> pairs = task->pairs(split, folder, nearest_by_meaning());
    keep_collected(pairs, description);
    if (model != nullptr) apply_chat(*task, *model, pairs);
    if (pairs_fingerprint(pairs) == description.fingerprints.at("pairs")) return {pairs, ""};
    return {
        {},
        fmt::format("the cache's pairs are not the first {} of the split {} of {} in {} (a study "
                    "may have left some out, or given them other wrong answers)",
                    description.pairs, split, task->name(), folder.string())};
  } catch (const Error& error) {
    return {{}, error.what()};
  }
}

}  // namespace austeer
