#include "studies/study_table_rows.hpp"

#include "statistics/corrections.hpp"
#include "studies/study_findings.hpp"

namespace austeer {
namespace {

/// Where the values of one model come from.
class RowMaker {
 public:
  RowMaker(const Study& study, const std::vector<EntryResults>& results, const std::string& model)
      : study_(study), results_(results), model_(model) {}

  StudyRow unsteered() const {
    StudyRow row = named(vanilla);
    row.is_vanilla = true;
    for (const StudyTask& task : study_.tasks) {
      TableValue value = measured_of(entry(task, vanilla));
      value.published = study_.published.find(model_, vanilla, task.name);
      row.values.push_back(std::move(value));
    }
    return row;
  }

  StudyRow chosen(const StudyMethod& method) const {
    StudyRow row = named(method.name);
    for (const StudyTask& task : study_.tasks) {
      const EntryResults* found = entry(task, method.name);
      TableValue value = measured_of(found);
      value.is_asked = found != nullptr;
      value.published = study_.published.find(model_, method.name, task.name);
      if (found != nullptr && found->against_vanilla) {
        value.against_vanilla = found->against_vanilla;
        value.adjusted_p = found->adjusted_p;
      }
      row.values.push_back(std::move(value));
    }
    return row;
  }

  StudyRow control(const StudyMethod& method, std::size_t index) const {
    StudyRow row;
    row.label = "\u21B3 " + control_words(method.controls[index]);
    row.is_control = true;
    for (const StudyTask& task : study_.tasks) {
      const EntryResults* found = entry(task, method.name);
      TableValue value;
      if (found != nullptr && index < found->controls.size()) {
        const std::optional<Measured>& measured = found->controls[index].measured;
        if (measured) value.measured = &*measured;
      }
      compare(value, task);
      row.values.push_back(std::move(value));
    }
    return row;
  }

  /// The method as it is on this model; what differs between tasks is on no axis.
  const StudyMethod& on_its_first_task(const StudyMethod& method) const {
    for (const StudyTask& task : study_.tasks) {
      if (const auto* here = study_.method_on(model_, task.name, method)) return *here;
    }
    return method;
  }

  StudyRow variant(const StudyMethod& method, std::size_t index) const {
    StudyRow row = named(variant_label(method, index));
    for (const StudyTask& task : study_.tasks) {
      const EntryResults* found = entry(task, method.name);
      TableValue value;
      value.is_asked = found != nullptr;
      if (found != nullptr && index < found->choice.size()) {
        const std::optional<Measured>& measured = found->choice[index].measured;
        if (measured) value.measured = &*measured;
      }
      value.published = study_.published.find(model_, row.label, task.name);
      if (!study_.chooses_on_dev()) compare(value, task);
      row.values.push_back(std::move(value));
    }
    return row;
  }

 private:
  StudyRow named(const std::string& label) const {
    StudyRow row;
    row.label = label;
    row.published_average = study_.published.find(model_, label, published_average);
    return row;
  }

  const EntryResults* entry(const StudyTask& task, const std::string& method) const {
    return find_results(results_, model_, task.name, method);
  }

  static TableValue measured_of(const EntryResults* found) {
    TableValue value;
    if (found != nullptr && found->test) value.measured = &*found->test;
    return value;
  }

  void compare(TableValue& value, const StudyTask& task) const {
    const EntryResults* baseline = entry(task, vanilla);
    if (value.measured == nullptr || baseline == nullptr || !baseline->test) return;
    if (baseline->test->scores.size() != value.measured->scores.size()) return;
    value.against_vanilla = compare_measured(*baseline->test, *value.measured);
  }

  const Study& study_;
  const std::vector<EntryResults>& results_;
  const std::string& model_;
};

std::vector<StudyRow> method_rows(const Study& study, const TableKeys& keys,
                                  const RowMaker& maker) {
  std::vector<StudyRow> rows = {maker.unsteered()};
  for (const StudyMethod& method : study.methods) {
    rows.push_back(maker.chosen(method));
    if (!keys.controls) continue;
    for (std::size_t i = 0; i < method.controls.size(); ++i) {
      rows.push_back(maker.control(method, i));
    }
  }
  return rows;
}

std::vector<StudyRow> variant_rows(const Study& study, const RowMaker& maker) {
  std::vector<StudyRow> rows;
  if (!study.chooses_on_dev()) rows.push_back(maker.unsteered());
  for (const StudyMethod& method : study.methods) {
    const StudyMethod& here = maker.on_its_first_task(method);
    for (std::size_t i = 0; i < here.variants.size(); ++i) rows.push_back(maker.variant(here, i));
  }
  return rows;
}

/// Holm over all comparisons of variants in the table.
void adjust_variants(std::vector<ModelRows>& models) {
  std::vector<double> p_values;
  std::vector<TableValue*> compared;
  for (ModelRows& model : models) {
    for (StudyRow& row : model.rows) {
      for (TableValue& value : row.values) {
        if (!value.against_vanilla) continue;
        p_values.push_back(value.against_vanilla->p_value);
        compared.push_back(&value);
      }
    }
  }
  const std::vector<double> adjusted = holm(p_values);
  for (std::size_t i = 0; i < compared.size(); ++i) compared[i]->adjusted_p = adjusted[i];
}

}  // namespace

std::vector<ModelRows> table_rows(const Study& study, const TableKeys& keys,
                                  const std::vector<EntryResults>& results) {
  const bool variants = keys.rows == TableRows::variants;
  std::vector<ModelRows> models;
  for (const std::string& model : study.models) {
    const RowMaker maker(study, results, model);
    models.push_back(
        {model, variants ? variant_rows(study, maker) : method_rows(study, keys, maker)});
  }
  if (variants) adjust_variants(models);
  return models;
}

std::int64_t comparison_count(const std::vector<ModelRows>& models) {
  std::int64_t count = 0;
  for (const ModelRows& model : models) {
    for (const StudyRow& row : model.rows) {
      for (const TableValue& value : row.values) count += value.adjusted_p ? 1 : 0;
    }
  }
  return count;
}

}  // namespace austeer
