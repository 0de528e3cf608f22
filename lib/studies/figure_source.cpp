#include "studies/figure_source.hpp"

#include <fmt/format.h>

#include "studies/study_findings.hpp"

namespace austeer {

void FigureSource::miss(const std::string& what) const {
  throw MissingResults("plot", fmt::format("{} in {}", what, folder.root().string()),
                       fmt::format("`austeer sweep {} --out {}` runs what is missing",
                                   study.file.string(), folder.root().string()));
}

const EntryResults& FigureSource::entry(const StudyTask& of, const std::string& method) const {
  const EntryResults* found = find_results(results, model, of.name, method);
  if (found == nullptr || !found->done) {
    miss(fmt::format("{} on {} ({}) has no results", method, of.name, model));
  }
  return *found;
}

Ranking FigureSource::ranking(const EntryResults& found) const {
  chosen_variant(found);
  const std::filesystem::path file = folder.ranking(found.ranking);
  if (found.ranking.empty() || !std::filesystem::exists(file)) {
    miss(entry_words(study, found.entry) + " has no ranking file");
  }
  return load_ranking(file);
}

std::string FigureSource::title(const FigureSpec& spec, const std::string& otherwise) const {
  if (spec.title.empty()) return otherwise;
  return which.empty() ? spec.title : fmt::format("{}: {}", spec.title, which);
}

std::string FigureSource::place_words() const {
  if (task == nullptr) return model;
  return study.models.size() < 2 ? task->name : fmt::format("{} ({})", task->name, model);
}

std::size_t chosen_variant(const EntryResults& found) {
  if (found.chosen) return *found.chosen;
  throw MissingResults(
      "plot", fmt::format("no variant of {} could be carried out", entry_text(found.entry)));
}

}  // namespace austeer
