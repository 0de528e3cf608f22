#include "studies/probes.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <spdlog/spdlog.h>

#include "base/files.hpp"
#include "base/locks.hpp"
#include "base/version.hpp"
#include "runs/prompts.hpp"
#include "runs/unit_probes.hpp"

namespace austeer {
namespace {

/// What the study says of a probe.
std::string probe_key(const Probe& probe) {
  Json units = Json::array();
  for (const UnitName& unit : probe.units) units.push_back(unit_text(unit));
  Json key = {{"schema", 1},    {"kind", figure_kind_name(probe.kind)}, {"model", probe.model},
              {"units", units}, {"strengths", probe.strengths},         {"count", probe.count}};
  if (probe.task != nullptr)
    key["prompts"] = {{"task", probe.task->task}, {"split", probe.task->test}};
  return "probe-" + short_digest(key);
}

/// None of a probe that asks nothing.
std::vector<std::string> prompts_of(const Probe& probe, const CellRunner& runner,
                                    const Model& model) {
  if (probe.task == nullptr) return {};
  const std::span<const Item> items = runner.splits().items(false);
  const auto count = std::min(items.size(), static_cast<std::size_t>(probe.count));
  return prompt_texts(items.first(count), *model.tokenizer);
}

Json compute(const Probe& probe, const CellRunner& runner, const Model& model) {
  if (probe.kind == FigureKind::divergence) {
    return to_json(
        unit_divergence(probe.units, probe.strengths, prompts_of(probe, runner, model), model));
  }
  Json all = Json::array();
  for (const PromotedTokens& tokens : promoted_tokens(probe.units, probe.count, model)) {
    all.push_back(to_json(tokens));
  }
  return all;
}

}  // namespace

std::vector<Probe> probes_of(const Study& study) {
  std::vector<Probe> probes;
  for (const FigureSpec& spec : study.figures) {
    if (!shows_probe(spec.kind)) continue;
    for (const std::string& model : spec.models) {
      for (const StudyTask* task : spec.tasks) {
        probes.push_back(probe_of(spec, model, task));
        if (!shows_one_task(spec.kind)) break;
      }
    }
  }
  return probes;
}

void run_probes(const Study& study, const StudyFolder& folder, CellRunners& runners) {
  for (const Probe& probe : probes_of(study)) {
    const std::filesystem::path file = folder.cell(probe_key(probe));
    const FileLock lock = FileLock::take(folder.lock(probe_key(probe)));
    // Any runner of the model has it open; that of the task has the prompts too.
    const StudyTask* task = probe.task == nullptr ? &study.tasks.front() : probe.task;
    const CellRunner& runner = runners.at({probe.model, task, nullptr});
    const Json made_from = {{"austeer", version()},
                            {"model", runners.model().fingerprint},
                            {"prompts", prompts_of(probe, runner, runners.model())}};
    if (std::filesystem::exists(file) && read_json(file).value("made_from", Json()) == made_from) {
      continue;
    }
    const Json content = compute(probe, runner, runners.model());
    const Json document = {
        {"schema", 1}, {"kind", "probe"}, {"made_from", made_from}, {"content", content}};
    write_file(file, to_text(document, 2) + "\n");
    spdlog::info("{} of {} units, {}", figure_kind_name(probe.kind), probe.units.size(),
                 probe.model);
  }
}

std::optional<Json> read_probe(const StudyFolder& folder, const Probe& probe) {
  const std::filesystem::path file = folder.cell(probe_key(probe));
  if (!std::filesystem::exists(file)) return std::nullopt;
  const Json document = read_json(file);
  return Fields(document, file.string()).value("content");
}

Probe probe_of(const FigureSpec& spec, const std::string& model, const StudyTask* task) {
  const bool asks = spec.kind == FigureKind::divergence;
  return {spec.kind, model, asks ? task : nullptr, spec.units, spec.strengths, spec.count};
}

}  // namespace austeer
