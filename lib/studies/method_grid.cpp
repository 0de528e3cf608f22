#include "studies/method_grid.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "base/names.hpp"
#include "base/paths.hpp"
#include "base/scan.hpp"
#include "models/gguf_model.hpp"
#include "models/locate.hpp"
#include "studies/include.hpp"
#include "studies/study.hpp"

namespace austeer {
namespace {

constexpr std::string_view range_dots = "..";
constexpr std::string_view range_step = " by ";

std::int64_t layers_of_model(const std::string& model) {
  const std::filesystem::path configs = project_folder("configs");
  const std::vector<std::string> known = model_manifest_names(configs);
  if (std::ranges::find(known, model) != known.end()) {
    if (const auto layers = load_model_manifest(model, configs).layers; layers > 0) return layers;
  }
  return config_of_model(model).layers;
}

[[noreturn]] void refuse_range(const std::string& place, const std::string& text) {
  throw FormatError({place + ": layer", "a number, a list, or a range such as 0..-1 or 0..-1 by 2",
                     fmt::format("'{}'", text), ""});
}

std::int64_t whole_number(std::string_view digits, const std::string& place,
                          const std::string& text) {
  const auto value = parse_number<std::int64_t>(digits);
  if (!value) refuse_range(place, text);
  return *value;
}

/// The layers of a range for a model with so many of them.
Json layers_of_range(const std::string& text, std::int64_t layers, const std::string& place) {
  const std::string_view whole = text;
  const std::size_t dots = whole.find(range_dots);
  if (dots == std::string_view::npos) refuse_range(place, text);
  const std::size_t by = std::min(whole.find(range_step), whole.size());
  if (by < dots + range_dots.size()) refuse_range(place, text);
  const auto layer = [&](std::string_view digits) {
    const std::int64_t number = whole_number(digits, place, text);
    return number < 0 ? layers + number : number;
  };
  const std::int64_t first = layer(whole.substr(0, dots));
  const std::int64_t last =
      layer(whole.substr(dots + range_dots.size(), by - dots - range_dots.size()));
  const std::int64_t step =
      by == whole.size() ? 1 : whole_number(whole.substr(by + range_step.size()), place, text);
  if (first < 0 || last < first || last >= layers || step < 1) {
    throw FormatError(
        {fmt::format("{}: layer: {} holds no layer, or one that the model lacks", place, text),
         fmt::format("layers from 0 to {}, or from {} to -1", layers - 1, -layers), text, ""});
  }
  Json list = Json::array();
  for (std::int64_t at = first; at <= last; at += step) list.push_back(at);
  return list;
}

/// The layer's text where it is a range.
const std::string* layer_range(const Json& grid) {
  if (!grid.contains("plan") || !grid.at("plan").is_object()) return nullptr;
  const Json& plan = grid.at("plan");
  if (!plan.contains("layer")) return nullptr;
  return plan.at("layer").get_ptr<const std::string*>();
}

/// Reads one method, and what it is on each model and task.
class MethodReader {
 public:
  MethodReader(const std::string& name, const Json& document, const std::string& place)
      : place_(place), fields_(document, place), grid_(document) {
    method_.name = name;
    if (fields_.is_given("controls")) {
      for (const auto& control : fields_.required<std::vector<std::string>>("controls")) {
        method_.controls.push_back(enum_value<Control>(control));
      }
    }
    if (fields_.is_given("tasks")) {
      method_.tasks = fields_.required<std::vector<std::string>>("tasks");
    }
    if (fields_.is_given("settings")) {
      fields_.object("settings");
      settings_ = fields_.value("settings");
    }
    for (const char* key : {"controls", "tasks", "settings"}) grid_.erase(key);
  }

  void check_names(const std::vector<std::string>& models, const std::vector<std::string>& tasks) {
    for (const std::string& task : method_.tasks) {
      refuse_mistyped(task, tasks, place_ + ": tasks", "task");
    }
    const bool runs =
        std::ranges::any_of(tasks, [&](const std::string& task) { return method_.runs_on(task); });
    if (!runs && !tasks.empty()) {
      throw UsageError("study", place_ + ": tasks: the method runs on none of the study's tasks",
                       "Name one of them, or leave out the method");
    }
    for (const auto& [model, of_tasks] : settings_.items()) {
      refuse_mistyped(model, models, place_ + ": settings", "model");
      Fields(settings_, place_ + ": settings").object(model);
      for (const auto& [task, keys] : of_tasks.items()) {
        const std::string at = fmt::format("{}: settings: {}", place_, model);
        refuse_mistyped(task, tasks, at, "task");
        Fields(of_tasks, at).object(task);
      }
    }
  }

  /// The method on a model, without settings.
  StudyMethod on(const std::string& model) const { return made(expanded(grid_, model), place_); }

  /// The method with its settings for this model and task; nothing where there are none.
  std::optional<StudyMethod> with_settings(const std::string& model,
                                           const std::string& task) const {
    if (!settings_.contains(model) || !settings_.at(model).contains(task)) return std::nullopt;
    const std::string at = fmt::format("{}: settings: {}: {}", place_, model, task);
    Json grid = grid_;
    merge_keys(grid, settings_.at(model).at(task));
    StudyMethod own = made(expanded(grid, model), at);
    check_axes(own, on(model), at);
    return own;
  }

  bool depends_on_model() const { return layer_range(grid_) != nullptr; }

 private:
  Json expanded(Json grid, const std::string& model) const {
    if (const std::string* range = layer_range(grid)) {
      grid["plan"]["layer"] = layers_of_range(*range, layers_of_model(model), place_);
    }
    return grid;
  }

  StudyMethod made(const Json& grid, const std::string& place) const {
    StudyMethod method = method_;
    method.axes = axes_of(grid);
    method.variants = expand_variants(grid, place);
    return method;
  }

  /// Throws UsageError unless a table's row of a variant is the same variant on every task.
  static void check_axes(const StudyMethod& own, const StudyMethod& general,
                         const std::string& place) {
    const auto same = [&] {
      if (own.axes != general.axes || own.variants.size() != general.variants.size()) return false;
      for (std::size_t i = 0; i < own.variants.size(); ++i) {
        if (variant_text(own.variants[i], own.axes) !=
            variant_text(general.variants[i], own.axes)) {
          return false;
        }
      }
      return true;
    };
    if (same()) return;
    throw UsageError("study", place + ": settings change an axis of the method's grid",
                     "Give single values for keys that have a single one in the method itself");
  }

  std::string place_;
  Fields fields_;
  Json grid_;
  Json settings_ = Json::object();
  StudyMethod method_;
};

}  // namespace

bool StudyMethod::runs_on(const std::string& task) const {
  return tasks.empty() || std::ranges::find(tasks, task) != tasks.end();
}

bool StudyMethod::is_control() const {
  return std::ranges::all_of(variants, [](const Variant& variant) {
    return variant.recipe.control.has_value() || variant.is_drawn();
  });
}

MethodGrids read_methods(const Json& methods, const std::vector<std::string>& models,
                         const std::vector<std::string>& tasks, const std::string& place) {
  MethodGrids grids;
  for (const auto& [name, document] : methods.items()) {
    const std::string at = fmt::format("{}: {}", place, name);
    if (name == vanilla) {
      throw FormatError({at + ": the unsteered model is always there", "", "", "Leave it out"});
    }
    if (!document.is_object()) {
      throw FormatError({at, "rank, plan and controls", to_text(document), ""});
    }
    MethodReader reader(name, document, at);
    reader.check_names(models, tasks);
    grids.methods.push_back(reader.on(models.front()));
    for (const std::string& model : models) {
      const bool differs = reader.depends_on_model() && model != models.front();
      for (const std::string& task : tasks) {
        if (auto own = reader.with_settings(model, task)) {
          grids.own.push_back({model, task, *std::move(own), false});
        } else if (differs) {
          grids.own.push_back({model, task, reader.on(model), true});
        }
      }
    }
  }
  return grids;
}

void refuse_mistyped(const std::string& name, const std::vector<std::string>& known,
                     const std::string& place, const char* what) {
  if (std::ranges::find(known, name) != known.end()) return;
  const std::string nearest = nearest_name(name, known);
  if (nearest.empty()) return;
  throw UsageError("study", fmt::format("{}: the study has no {} '{}'", place, what, name),
                   fmt::format("did you mean '{}'?", nearest));
}

DecoderConfig config_of_model(const std::string& model) {
  const ModelLocation location = locate_model(model, project_folder("configs"), home_folder());
  return std::filesystem::is_directory(location.path) ? read_config(location.path)
                                                      : GgufModel(location.path).config();
}

}  // namespace austeer
