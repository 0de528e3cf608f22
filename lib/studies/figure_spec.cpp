#include "studies/figure_spec.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

#include "base/names.hpp"
#include "runs/unit_probes.hpp"
#include "studies/axes.hpp"
#include "studies/study.hpp"
#include "studies/variant.hpp"

namespace austeer {
namespace {

constexpr std::array figure_kinds = {
    std::pair{"grid", FigureKind::grid},         std::pair{"curve", FigureKind::curve},
    std::pair{"units", FigureKind::units},       std::pair{"scores", FigureKind::scores},
    std::pair{"overlap", FigureKind::overlap},   std::pair{"accuracies", FigureKind::accuracies},
    std::pair{"frontier", FigureKind::frontier}, std::pair{"divergence", FigureKind::divergence},
    std::pair{"tokens", FigureKind::tokens},
};

constexpr std::size_t most_series = 12;
constexpr std::int64_t usual_prompts = 8;
constexpr std::int64_t usual_tokens = 5;

/// The names of tasks or methods.
template <typename T>
std::vector<std::string> names_of_all(const std::vector<T>& all) {
  std::vector<std::string> names;
  for (const T& each : all) names.push_back(each.name);
  return names;
}

/// Reads one entry; each kind has its own keys.
class FigureReader {
 public:
  /// All must outlive this. Throws FormatError unless `entry` is an object.
  FigureReader(const Json& entry, const Study& study, const std::string& place)
      : study_(study), fields_(entry, place) {}

  FigureSpec read() {
    spec_.name = fields_.required<std::string>("name");
    if (!is_plain_name(spec_.name)) {
      fields_.refuse("name", "letters, digits, '.', '_' and '-'", spec_.name);
    }
    const auto kind = fields_.required<std::string>("kind");
    const std::vector<std::string> kinds = names_in(figure_kinds);
    if (std::ranges::find(kinds, kind) == kinds.end()) {
      refuse(fmt::format("unknown kind '{}'", kind), suggestion(kind, kinds));
    }
    spec_.kind = value_in(figure_kinds, kind, "plot", "kind");
    spec_.title = fields_.optional<std::string>("title", "");
    read_models();
    read_tasks();
    read_kind();
    fields_.refuse_unknown();
    return std::move(spec_);
  }

 private:
  /// Throws the UsageError that this entry has `problem`.
  [[noreturn]] void refuse(const std::string& problem, const std::string& hint) const {
    throw UsageError("plot", fmt::format("{}: {}", fields_.place(), problem), hint);
  }

  void read_models() {
    spec_.models = fields_.optional<std::vector<std::string>>("models", {});
    for (const std::string& name : spec_.models) {
      if (std::ranges::find(study_.models, name) != study_.models.end()) continue;
      refuse(fmt::format("the study has no model '{}'", name), suggestion(name, study_.models));
    }
    if (spec_.models.empty()) spec_.models = study_.models;
  }

  void read_tasks() {
    const std::vector<std::string> all = names_of_all(study_.tasks);
    for (const std::string& name : fields_.optional<std::vector<std::string>>("tasks", all)) {
      const auto found = std::ranges::find(study_.tasks, name, &StudyTask::name);
      if (found == study_.tasks.end()) {
        refuse(fmt::format("the study has no task '{}'", name), suggestion(name, all));
      }
      spec_.tasks.push_back(&*found);
    }
    if (spec_.tasks.empty()) refuse("it shows no task", "Leave `tasks` out for all of the study");
  }

  void read_kind() {
    switch (spec_.kind) {
      case FigureKind::grid:
        return read_grid();
      case FigureKind::curve:
        return read_curve();
      case FigureKind::units:
        return read_units_along_axis();
      case FigureKind::scores:
        spec_.methods = {one_method()};
        return;
      case FigureKind::overlap:
        return read_overlap();
      case FigureKind::accuracies:
        return read_accuracies();
      case FigureKind::frontier:
        return read_frontier();
      case FigureKind::divergence:
        return read_divergence();
      case FigureKind::tokens:
        spec_.units = probed_units();
        spec_.count = count_at("tokens", usual_tokens);
        return;
    }
  }

  void read_grid() {
    const StudyMethod* method = one_method();
    spec_.methods = {method};
    spec_.x = fields_.required<std::string>("x");
    spec_.y = fields_.required<std::string>("y");
    expect_axis(*method, spec_.x);
    expect_axis(*method, spec_.y);
    if (spec_.x == spec_.y) refuse("x and y are the same axis", "Name another one");
  }

  void read_curve() {
    spec_.x = fields_.required<std::string>("x");
    spec_.log = fields_.optional<bool>("log", false);
    spec_.methods = methods_along(spec_.x);
    for (const StudyMethod* method : spec_.methods) expect_numbers(*method);
  }

  void read_units_along_axis() {
    const StudyMethod* method = one_method();
    spec_.methods = {method};
    spec_.x = fields_.required<std::string>("x");
    expect_axis(*method, spec_.x);
    spec_.references = methods_at("references");
    for (const StudyMethod* reference : spec_.references) expect_reference(*reference);
  }

  void read_overlap() {
    spec_.methods = {one_method()};
    spec_.k = fields_.required<std::int64_t>("k");
    if (spec_.k < 1) fields_.refuse("k", "at least 1", spec_.k);
    if (spec_.tasks.size() < 2) refuse("it compares tasks, but there is one", "Add another");
  }

  void read_accuracies() {
    spec_.methods = methods_or_all();
    std::size_t series = 1;  // the unsteered model
    for (const StudyMethod* method : spec_.methods) {
      series += study_.select == Selection::none ? method->variants.size() : 1;
    }
    if (series <= most_series) return;
    refuse(fmt::format("{} bars for each task are more than {}", series, most_series),
           "Name fewer `methods`, or draw a grid by a figure of kind grid or curve");
  }

  void read_frontier() {
    spec_.methods = methods_or_all();
    const auto opponent = fields_.optional<std::string>("opponent", "");
    if (opponent.empty()) return;
    spec_.opponent = known_method(opponent);
    if (std::ranges::find(spec_.methods, spec_.opponent) != spec_.methods.end()) return;
    spec_.methods.push_back(spec_.opponent);
  }

  void read_divergence() {
    spec_.units = probed_units();
    spec_.strengths = fields_.optional<std::vector<double>>("strengths", figure_strengths);
    if (spec_.strengths.size() < 2) refuse("strengths are fewer than two", "Name more");
    spec_.count = count_at("prompts", usual_prompts);
  }

  const StudyMethod* known_method(const std::string& name) const {
    const auto found = std::ranges::find(study_.methods, name, &StudyMethod::name);
    if (found != study_.methods.end()) return &*found;
    if (name == vanilla) refuse("the unsteered model is drawn wherever it belongs", "Leave it out");
    refuse(fmt::format("the study has no method '{}'", name),
           suggestion(name, names_of_all(study_.methods)));
  }

  /// The methods named at `key`; none without it.
  std::vector<const StudyMethod*> methods_at(const std::string& key) {
    std::vector<const StudyMethod*> methods;
    for (const std::string& name : fields_.optional<std::vector<std::string>>(key, {})) {
      methods.push_back(known_method(name));
    }
    return methods;
  }

  /// The methods named at `methods`; without it all of the study.
  std::vector<const StudyMethod*> methods_or_all() {
    std::vector<const StudyMethod*> methods = methods_at("methods");
    if (!methods.empty()) return methods;
    for (const StudyMethod& method : study_.methods) methods.push_back(&method);
    return methods;
  }

  /// The method at `method`; without it the study's only one.
  const StudyMethod* one_method() {
    const auto name = fields_.optional<std::string>("method", "");
    if (!name.empty()) return known_method(name);
    if (study_.methods.size() == 1) return &study_.methods.front();
    refuse("it shows one method, but none is named",
           fmt::format("Set `method`; {}", suggestion("", names_of_all(study_.methods))));
  }

  /// The methods named at `methods`, each of which has the axis; without it all that have it.
  std::vector<const StudyMethod*> methods_along(const std::string& axis) {
    std::vector<const StudyMethod*> named = methods_at("methods");
    for (const StudyMethod* method : named) expect_axis(*method, axis);
    if (!named.empty()) return named;
    std::set<std::string> axes;
    for (const StudyMethod& method : study_.methods) {
      axes.insert(method.axes.begin(), method.axes.end());
      if (std::ranges::find(method.axes, axis) != method.axes.end()) named.push_back(&method);
    }
    if (!named.empty()) return named;
    const std::vector<std::string> known(axes.begin(), axes.end());
    refuse(fmt::format("no method has the axis '{}'", axis),
           known.empty() ? "Give a method a list of values" : suggestion(axis, known));
  }

  /// Throws UsageError, with the nearest axis, unless the grid of `method` has `axis`.
  void expect_axis(const StudyMethod& method, const std::string& axis) const {
    if (std::ranges::find(method.axes, axis) != method.axes.end()) return;
    refuse(fmt::format("{} has no axis '{}'", method.name, axis),
           method.axes.empty() ? "Its grid has one variant: give it a list of values"
                               : suggestion(axis, method.axes));
  }

  /// Throws UsageError for values that have no place on the numeric axis x.
  void expect_numbers(const StudyMethod& method) const {
    for (const Json& value : axis_values(method, spec_.x)) {
      const std::string found =
          fmt::format("{} of {} has the value {}", spec_.x, method.name, axis_value_text(value));
      if (!value.is_number()) {
        refuse(found + ", which is no number", "A figure of kind `units` draws it");
      }
      if (spec_.log && value.get<double>() <= 0) {
        refuse(found + ", which has no place on a logarithmic axis", "Leave out `log`");
      }
    }
  }

  /// Throws UsageError unless the method has one result on the items that the bars are of.
  void expect_reference(const StudyMethod& method) const {
    if (study_.chooses_on_dev()) {
      refuse("references are of the test items, the bars of the items of the choice",
             "Use select: none or test");
    }
    if (study_.select == Selection::none && method.variants.size() > 1) {
      refuse(fmt::format("{} has {} variants, and none was chosen to be a reference", method.name,
                         method.variants.size()),
             "Give it one, or use select: test");
    }
  }

  std::vector<UnitName> probed_units() {
    std::vector<UnitName> units;
    for (const auto& text : fields_.required<std::vector<std::string>>("units")) {
      units.push_back(parse_unit(text));
      if (!units.back().site) {
        refuse(fmt::format("{} does not say of which site", text), "Write SITE:LAYER:DIM");
      }
    }
    if (units.empty()) refuse("units names none", "Name at least one");
    return units;
  }

  std::int64_t count_at(const std::string& key, std::int64_t usual) {
    const auto count = fields_.optional<std::int64_t>(key, usual);
    if (count < 1) fields_.refuse(key, "at least 1", count);
    return count;
  }

  const Study& study_;
  Fields fields_;
  FigureSpec spec_;
};

}  // namespace

std::string figure_kind_name(FigureKind kind) { return name_in(figure_kinds, kind); }

bool shows_one_task(FigureKind kind) {
  return kind != FigureKind::overlap && kind != FigureKind::accuracies &&
         kind != FigureKind::tokens;
}

bool shows_probe(FigureKind kind) {
  return kind == FigureKind::divergence || kind == FigureKind::tokens;
}

std::vector<FigureSpec> read_figure_specs(const Json& figures, const Study& study) {
  std::vector<FigureSpec> specs;
  std::set<std::string> names;
  for (const Json& entry : figures) {
    const std::string place = fmt::format("{}: figure {}", study.file.string(), specs.size() + 1);
    specs.push_back(FigureReader(entry, study, place).read());
    if (names.insert(specs.back().name).second) continue;
    throw UsageError("plot",
                     fmt::format("{}: another one is called '{}'", place, specs.back().name),
                     "Name it otherwise");
  }
  return specs;
}

}  // namespace austeer
