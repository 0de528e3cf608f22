#include "studies/cell_runner.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <set>
#include <thread>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/locks.hpp"
#include "base/version.hpp"
#include "runs/collect.hpp"
#include "runs/options.hpp"
#include "runs/prompts.hpp"
#include "runs/rank.hpp"
#include "steering/methods.hpp"
#include "studies/judged_task.hpp"

namespace austeer {

namespace {

constexpr auto poll_time = std::chrono::milliseconds(200);

// Another process gets the rest; and less is lost when this one is killed.
constexpr std::size_t trials_together = 32;

/// What part of the options and of the program every result depends on.
Json common_key(const Study& study, const Model& model, const Task& task) {
  Json key = {{"schema", 1},
              {"austeer", version()},
              {"model", model.fingerprint},
              {"tokenizer", model.tokenizer->fingerprint()},
              {"dtype", dtype_name(model.decoder->dtype())},
              {"task", task.fingerprint()},
              {"max_tokens", study.max_tokens}};
  if (task.config().chat) key["chat_template"] = chat_fingerprint(model);
  return key;
}

/// The method's options, with the seed where they draw.
Json seeded_settings(const Variant& variant, std::optional<std::uint64_t> seed) {
  Json settings = variant.settings;
  if (variant.ranks_at_random()) settings["seed"] = seed.value_or(0);
  return settings;
}

/// What is steered in place of a variant's units: what the trial asks for, else what the variant
/// is.
std::optional<Control> control_of(const Trial& trial) {
  return trial.control ? trial.control : trial.variant->recipe.control;
}

/// The seed of its control; nothing where that draws nothing.
std::optional<std::uint64_t> control_seed(const Trial& trial) {
  const std::optional<Control> control = control_of(trial);
  return control && is_drawn(*control) ? trial.seed : std::nullopt;
}

/// Of a file, or of the files in a folder.
std::string digest_of_files(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return sha256_file(path);
  std::string digests;
  for (const std::string& name : list_folder(path)) {
    if (std::filesystem::is_regular_file(path / name)) digests += sha256_file(path / name);
  }
  return sha256(digests);
}

/// Whether the cache in `folder` is there and holds all that is read.
bool has_all(const std::filesystem::path& folder, const std::vector<SiteReading>& readings) {
  if (!std::filesystem::exists(folder / "manifest.json")) return false;
  try {
    const ActivationCache cache(folder);
    for (const SiteReading& reading : readings) cache.site(site_reading_name(reading));
  } catch (const Error&) {
    return false;  // unfinished, or without some of the sites: collect() goes on or says why not
  }
  return true;
}

/// What methods read of a cache.
struct ReadSites {
  std::vector<SiteReading> sites;
  std::vector<std::int64_t> layers;  ///< of the sites read at answer_all; empty: all
};

/// What the variants of `tried` read of which `wanted` says so.
ReadSites sites_read(const std::vector<const StudyMethod*>& tried,
                     const std::function<bool(const Variant&)>& wanted) {
  std::set<std::string> names;
  std::set<std::int64_t> layers;
  bool every_layer = false;
  for (const StudyMethod* method : tried) {
    for (const Variant& variant : method->variants) {
      if (!wanted(variant)) continue;
      for (const std::string& written :
           methods().get(variant.method).reads(variant.sites, variant.settings)) {
        // "layer" and "layer@last" are the same.
        const SiteReading reading = parse_site_reading(written);
        names.insert(site_reading_name(reading));
        if (reading.positions != ReadPositions::answer_all) continue;
        if (!variant.settings.contains("layer")) every_layer = true;
        layers.insert(variant.settings.value("layer", std::int64_t{0}));
      }
    }
  }
  ReadSites read;
  for (const std::string& name : names) read.sites.push_back(parse_site_reading(name));
  if (!every_layer) read.layers.assign(layers.begin(), layers.end());
  return read;
}

Json scoring_key(const StudyTask& task) {
  return {{"scoring", scoring_name(task.scoring)},
          {"max_new_tokens", task.max_new_tokens ? Json(*task.max_new_tokens) : Json()},
          {"scorer", task.scorer}};
}

}  // namespace

CellRunner::CellRunner(const Study& study, const StudyTask& task, const Model& model,
                       const StudyFolder& folder)
    : study_(study), task_(task), model_(model), folder_(folder), splits_(study, task) {
  splits_.apply_chat_of(model);
  check_judge(study, task, splits_.task());
}

RunOptions CellRunner::run_options() const {
  RunOptions run = study_.run;
  run.model = model_.name;
  return run;
}

std::vector<const StudyMethod*> CellRunner::methods_here() const {
  std::vector<const StudyMethod*> here;
  for (const StudyMethod& method : study_.methods) {
    const StudyMethod* found = study_.method_on(model_.name, task_.name, method);
    if (found != nullptr) here.push_back(found);
  }
  return here;
}

std::int64_t CellRunner::pairs_of(const Variant& variant) const {
  return std::min(variant.pairs.value_or(task_.pairs), splits_.pair_count());
}

const std::string& CellRunner::cache_key(std::int64_t count) {
  std::string& digest = cache_keys_[count];
  if (!digest.empty()) return digest;
  Json key = common_key(study_, model_, splits_.task());
  const std::vector<Pair> pairs = splits_.pairs(count);
  key["pairs"] = pairs_fingerprint(pairs);
  key["answers"] = answers_fingerprint(pairs);
  if (study_.void_pairs != VoidPairsChoice::keep) {
    key["void_pairs"] = void_pairs_choice_name(study_.void_pairs);
  }
  return digest = short_digest(key);
}

std::string CellRunner::ranking_key(const Variant& variant, std::optional<std::uint64_t> seed) {
  Json settings = seeded_settings(variant, seed);
  if (settings.contains("sae")) {  // what it holds counts, not where it lies
    const std::string path = settings.at("sae").get<std::string>();
    std::string& digest = file_digests_[path];
    if (digest.empty()) digest = digest_of_files(path);
    settings["sae"] = digest;
  }
  return short_digest({{"cache", cache_key(pairs_of(variant))},
                       {"method", variant.method},
                       {"sites", variant.sites},
                       {"settings", settings}});
}

std::string CellRunner::key(const Trial& trial) {
  Json key = common_key(study_, model_, splits_.task());
  key.update(scoring_key(task_));
  const std::vector<Item>& items = splits_.items(trial.dev);
  key["prompts"] = prompts_fingerprint(std::span(items).subspan(
      static_cast<std::size_t>(trial.first), static_cast<std::size_t>(trial.last - trial.first)));
  if (trial.variant != nullptr) {
    key["ranking"] = ranking_key(*trial.variant, trial.seed);
    key["plan"] = trial.variant->choice.value("plan", Json::object());
    key["control"] = trial.control ? Json(enum_name(*trial.control)) : Json();
    if (const auto seed = control_seed(trial)) key["seed"] = *seed;
    Json revisions = Json::object();
    if (const auto control = control_of(trial)) add_control_revision(*control, revisions);
    if (!revisions.empty()) key["control_revisions"] = revisions;
  }
  return short_digest(key);
}

CollectOptions CellRunner::collect_options(std::int64_t pairs) {
  CollectOptions options;
  options.run = run_options();
  options.task = task_.task;
  options.split = splits_.pairs_split();
  options.pairs = pairs;
  options.left_out = splits_.left_out();
  options.wrong_answer = task_.wrong_answer;
  options.max_tokens = study_.max_tokens;
  options.void_pairs = study_.void_pairs;
  options.out = folder_.cache(cache_key(pairs));
  const ReadSites read = sites_read(
      methods_here(), [&](const Variant& variant) { return pairs_of(variant) == pairs; });
  options.sites = read.sites;
  options.layers = read.layers;
  return options;
}

std::set<std::int64_t> CellRunner::pair_counts() const {
  std::set<std::int64_t> counts;
  for (const StudyMethod* method : methods_here()) {
    for (const Variant& variant : method->variants) counts.insert(pairs_of(variant));
  }
  return counts;
}

bool CellRunner::has_cache(std::int64_t pairs) {
  const CollectOptions options = collect_options(pairs);
  return has_all(options.out, options.sites);
}

std::filesystem::path CellRunner::cache(const Variant& variant) {
  const std::int64_t pairs = pairs_of(variant);
  const FileLock lock = FileLock::take(folder_.lock(cache_key(pairs)));
  const CollectOptions options = collect_options(pairs);
  if (!has_all(options.out, options.sites)) collect(options, model_);
  return options.out;
}

std::filesystem::path CellRunner::ranking(const Variant& variant,
                                          std::optional<std::uint64_t> seed) {
  const std::string key = ranking_key(variant, seed);
  const std::filesystem::path file = folder_.ranking(key);
  const FileLock lock = FileLock::take(folder_.lock(key));
  if (!std::filesystem::exists(file)) {
    RankOptions options;
    options.cache = cache(variant);
    options.method = variant.method;
    options.sites = variant.sites;
    options.settings = seeded_settings(variant, seed);
    options.out = file;
    rank(options);
  }
  return file;
}

EvalOptions CellRunner::eval_options(const Trial& trial) const {
  EvalOptions options;
  options.run = run_options();
  options.task = task_.task;
  options.split = splits_.expression(trial.dev, trial.first, trial.last);
  options.scoring = task_.scoring;
  options.max_new_tokens = task_.max_new_tokens;
  options.scorer = task_.scorer;
  return options;
}

EvalVariant CellRunner::eval_variant(const Trial& trial, const std::string& key) {
  EvalVariant eval{{}, folder_.cell(key)};
  if (trial.variant == nullptr) return eval;
  eval.plan.file = ranking(*trial.variant, trial.seed);
  eval.plan.recipe = trial.variant->recipe;
  eval.plan.recipe.control = control_of(trial);
  eval.plan.recipe.seed = control_seed(trial);
  return eval;
}

CellResult CellRunner::run(const Trial& trial, const EvalVariant& variant, const std::string& key) {
  try {
    eval_together(eval_options(trial), {variant}, model_);
  } catch (const ComputeError& error) {
    write_failed_cell(folder_, key, error.what());
  } catch (const UsageError& error) {
    // A control that has too few groups to draw from; everything else was checked before.
    if (trial.variant == nullptr || !control_of(trial)) throw;
    write_failed_cell(folder_, key, error.what());
  }
  return *read_cell(folder_, key);
}

std::vector<CellResult> CellRunner::run_claimed(std::span<const Trial> trials,
                                                const std::vector<Claim>& claims) {
  // Caches and rankings are made before any plan is tried: their errors are no plan's failure.
  std::vector<EvalVariant> variants;
  for (const Claim& claim : claims) {
    variants.push_back(eval_variant(trials[claim.trial], claim.key));
  }
  bool together = claims.size() > 1;
  if (together) {
    try {
      eval_together(eval_options(trials[claims.front().trial]), variants, model_);
    } catch (const ComputeError&) {
      together = false;  // one of them cannot be carried out; which one shows when each is alone
    } catch (const UsageError&) {
      together = false;
    }
  }
  std::vector<CellResult> results;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const Claim& claim = claims[i];
    results.push_back(together ? *read_cell(folder_, claim.key)
                               : run(trials[claim.trial], variants[i], claim.key));
  }
  return results;
}

std::int64_t CellRunner::max_new_tokens() const {
  return task_.max_new_tokens.value_or(
      splits_.task().max_new_tokens(model_.decoder->config().model_type));
}

std::size_t CellRunner::most_together() const {
  return task_.scoring == Scoring::choices || max_new_tokens() == 1 ? trials_together : 1;
}

std::vector<CellRunner::Claim> CellRunner::claim(Asked& asked, std::size_t first,
                                                 std::vector<bool>& looked_at) {
  std::vector<Claim> claims;
  const std::size_t most = most_together();
  for (std::size_t i = first; i < asked.trials.size() && claims.size() < most; ++i) {
    std::optional<CellResult>& result = asked.results[i];
    if (result || looked_at[i] || !asked.trials[i].same_items(asked.trials[first])) continue;
    looked_at[i] = true;
    const std::string& cell = asked.keys[i];
    if ((result = read_cell(folder_, cell))) continue;
    auto lock = FileLock::try_take(folder_.lock(cell));
    if (!lock) continue;
    if ((result = read_cell(folder_, cell))) continue;  // it was finished meanwhile
    claims.push_back({i, cell, std::move(*lock)});
  }
  return claims;
}

std::vector<CellResult> CellRunner::obtain(std::span<const Trial> trials, const TrialDone& done) {
  Asked asked{trials, {}, std::vector<std::optional<CellResult>>(trials.size())};
  for (const Trial& trial : trials) asked.keys.push_back(key(trial));
  for (bool waiting = true; waiting;) {
    bool ran = false;
    std::vector<bool> looked_at(trials.size());
    for (std::size_t i = 0; i < trials.size(); ++i) {
      if (asked.results[i] || looked_at[i]) continue;
      const std::vector<Claim> claims = claim(asked, i, looked_at);
      if (claims.empty()) continue;
      ran = true;
      const auto start = std::chrono::steady_clock::now();
      const std::vector<CellResult> found = run_claimed(trials, claims);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      for (std::size_t c = 0; c < claims.size(); ++c) {
        asked.results[claims[c].trial] = found[c];
        done(trials[claims[c].trial], found[c],
             seconds.count() / static_cast<double>(claims.size()));
      }
    }
    waiting = std::ranges::any_of(asked.results, [](const auto& result) { return !result; });
    if (waiting && !ran) std::this_thread::sleep_for(poll_time);
  }
  std::vector<CellResult> all;
  for (std::optional<CellResult>& result : asked.results) all.push_back(std::move(*result));
  return all;
}

}  // namespace austeer
