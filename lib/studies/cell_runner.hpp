#pragma once
// One model on one task of a study: what runs its cells, and the caches and rankings they need.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/locks.hpp"
#include "models/load.hpp"
#include "runs/collect.hpp"
#include "runs/eval.hpp"
#include "studies/folder.hpp"
#include "studies/study.hpp"
#include "studies/task_splits.hpp"

namespace austeer {

/// An evaluation to be made.
struct Trial {
  const Variant* variant = nullptr;   ///< null: the unsteered model
  std::optional<Control> control;     ///< for what the variant would steer
  std::optional<std::uint64_t> seed;  ///< of what is drawn
  bool dev = false;                   ///< on the items of the choice, else on the test's
  std::int64_t first = 0;             ///< the items [first, last) of those
  std::int64_t last = 0;

  bool same_items(const Trial& other) const {
    return dev == other.dev && first == other.first && last == other.last;
  }
};

/// What a trial was, for the log.
using TrialDone = std::function<void(const Trial&, const CellResult&, double seconds)>;

class CellRunner {
 public:
  /// `task` is one of `study`; all must outlive this. Throws what TaskSplits throws, and what
  /// check_judge() throws.
  CellRunner(const Study& study, const StudyTask& task, const Model& model,
             const StudyFolder& folder);

  const StudyTask& task() const { return task_; }
  const TaskSplits& splits() const { return splits_; }
  const StudyFolder& folder() const { return folder_; }

  /// How many tokens an item's answer has at most.
  std::int64_t max_new_tokens() const;

  /// The numbers of pairs that methods learn from: each has a cache.
  std::set<std::int64_t> pair_counts() const;

  /// Whether the cache of so many pairs is there, with all that is read of it.
  bool has_cache(std::int64_t pairs);

  /// The key of a trial's cell: a digest of all that its result depends on.
  std::string key(const Trial& trial);

  /// The key of a variant's ranking, drawn with `seed` where it is drawn.
  std::string ranking_key(const Variant& variant, std::optional<std::uint64_t> seed);

  /// The results of `trials`, in their order. Those that are not there are run, but for those that
  /// another process is running, for which this one waits at the end. Throws what collect(), rank()
  /// and eval() throw, but for plans that cannot be carried out: their cells say why.
  std::vector<CellResult> obtain(std::span<const Trial> trials, const TrialDone& done);

 private:
  /// The study's methods as they are on this model and task.
  std::vector<const StudyMethod*> methods_here() const;
  const std::string& cache_key(std::int64_t pairs);
  std::int64_t pairs_of(const Variant& variant) const;
  RunOptions run_options() const;
  std::filesystem::path cache(const Variant& variant);
  std::filesystem::path ranking(const Variant& variant, std::optional<std::uint64_t> seed);
  CollectOptions collect_options(std::int64_t pairs);
  /// A trial whose cell this process alone may write now.
  struct Claim {
    std::size_t trial;  ///< index into those asked for
    std::string key;
    FileLock lock;
  };

  /// How many trials of the same items are run in one go, by one process: where answers are one
  /// token or choices, what they share is computed once.
  std::size_t most_together() const;
  /// Trials that are asked for, with their keys and what is known of them.
  struct Asked {
    std::span<const Trial> trials;
    std::vector<std::string> keys;
    std::vector<std::optional<CellResult>> results;
  };

  /// Takes trials of the same items as `first`, from there on, that have no result and that no
  /// other process has, so many of them as may run together; fills in results that are there.
  /// `looked_at` marks those that were met.
  std::vector<Claim> claim(Asked& asked, std::size_t first, std::vector<bool>& looked_at);
  EvalOptions eval_options(const Trial& trial) const;
  EvalVariant eval_variant(const Trial& trial, const std::string& key);
  CellResult run(const Trial& trial, const EvalVariant& variant, const std::string& key);
  /// Runs what was claimed, in one go where that works, and writes the cells.
  std::vector<CellResult> run_claimed(std::span<const Trial> trials,
                                      const std::vector<Claim>& claims);

  const Study& study_;
  const StudyTask& task_;
  const Model& model_;
  const StudyFolder& folder_;
  TaskSplits splits_;
  std::map<std::int64_t, std::string> cache_keys_;   ///< by the number of pairs
  std::map<std::string, std::string> file_digests_;  ///< of autoencoders, by path
};

}  // namespace austeer
