// Figures of single units: how far strengths move next-token distributions (paper, Figure 3), and
// the tokens that units promote (Figure 4).
#include <fmt/format.h>

#include "reports/figure_source.hpp"
#include "reports/plots.hpp"
#include "runs/unit_probes.hpp"
#include "studies/probes.hpp"

namespace austeer {
namespace {

Json probe_content(const FigureSource& source, const FigureSpec& spec) {
  if (auto content = read_probe(source.folder, probe_of(spec, source.model, source.task))) {
    return *std::move(content);
  }
  throw MissingResults("plot", fmt::format("its units were not probed ({})", source.model),
                       fmt::format("`austeer sweep {}` does it", source.study.file.string()));
}

/// A curve of points with a divergence above 0: the axis is logarithmic.
Curve divergence_curve(const std::string& name, const Json& points) {
  Curve curve;
  curve.name = name;
  for (const Json& point : points) {
    const double divergence = point.at("divergence").get<double>();
    if (divergence > 0) {
      curve.points.push_back({point.at("strength").get<double>(), divergence, {}});
    }
  }
  return curve;
}

/// "attention:27:84, as a bar for each token"
PlottedFigure tokens_figure(const FigureSource& source, const FigureSpec& spec, const Json& tokens,
                            std::size_t number) {
  const std::string unit = tokens.at("unit").get<std::string>();
  Bars bars;
  bars.series = {{"promoted", {}}};
  for (const Json& token : tokens.at("promoted")) {
    bars.groups.push_back(to_text(token.at("text")));
    bars.series.front().bars.push_back({token.at("score").get<double>(), {}});
  }
  Figure figure;
  figure.title = source.title(spec, fmt::format("{}: tokens that {} promotes", source.model, unit));
  figure.x.label = "token";
  figure.y.label = "logit that an activation of 1 adds";
  figure.content = std::move(bars);
  const std::string name =
      spec.units.size() > 1 ? fmt::format("{}-{}", source.name, number) : source.name;
  const std::string caption = fmt::format(
      "The {} tokens that unit {} of {} promotes most, read through the final norm's weight and "
      "the "
      "unembedding.",
      spec.count, unit, source.model);
  return {name, caption, figure_words(figure), figure};
}

}  // namespace

std::vector<PlottedFigure> make_divergence_figure(const FigureSource& source,
                                                  const FigureSpec& spec) {
  const Json content = probe_content(source, spec);
  Curves curves;
  for (const Json& unit : content.at("units")) {
    curves.curves.push_back(divergence_curve(
        unit.at("unit").get<std::string>() + " against its largest strength", unit.at("points")));
  }
  for (const Json& pair : content.at("pairs")) {
    curves.curves.push_back(
        divergence_curve(fmt::format("{} against {}", pair.at("first").get<std::string>(),
                                     pair.at("second").get<std::string>()),
                         pair.at("points")));
  }
  Figure figure;
  figure.title = source.title(
      spec, fmt::format("Next tokens under one steered unit, {}", source.place_words()));
  figure.x = {"strength s of x ← x(1 + s)", Scale::log, {}, {}};
  figure.y = {"KL divergence (nats)", Scale::log, {}, {}};
  figure.content = std::move(curves);
  const std::string caption = fmt::format(
      "KL divergence of next-token distributions, mean over {} prompts of {}: of a unit at a "
      "strength "
      "from the same at {:g}, and of one unit from another at the same strength. Points at 0 are "
      "not "
      "drawn.",
      content.at("prompts").get<std::int64_t>(), source.task->name,
      content.at("largest_strength").get<double>());
  return {{source.name, caption, figure_words(figure), figure}};
}

std::vector<PlottedFigure> make_tokens_figure(const FigureSource& source, const FigureSpec& spec) {
  const Json content = probe_content(source, spec);
  std::vector<PlottedFigure> figures;
  for (const Json& tokens : content) {
    figures.push_back(tokens_figure(source, spec, tokens, figures.size() + 1));
  }
  return figures;
}

}  // namespace austeer
