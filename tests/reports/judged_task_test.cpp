// Tasks of a study that a judge decides: what it is asked, and what its verdicts make of results.

#include "studies/judged_task.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/paths.hpp"
#include "judge_server.hpp"
#include "judging/questions.hpp"
#include "made_results.hpp"
#include "reports/study_table.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::MadeStudy;

const std::string judged_yaml =
    "title: T\nmodels: [m]\ntasks: {bpo: {pairs: 8}, copa: {pairs: 8}}\n"
    "judge: {endpoint: \"http://localhost:9/v1\", model: J}\n"
    "methods:\n  A:\n    rank: {site: attention}\n    plan: {k: 4}\n    controls: [layer]\n"
    "    tasks: [bpo]\n";

/// A cell with these answers, as `austeer eval` writes them.
void write_answers(const std::filesystem::path& cell, const std::vector<std::string>& answers) {
  std::vector<Json> lines;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string prompt = fmt::format("Prompt {}", i);
    lines.push_back({{"place", fmt::format("test:{}", i)},
                     {"prompt_sha256", sha256(prompt)},
                     {"prompt", prompt},
                     {"generated", answers[i]}});
  }
  write_result(cell, "eval", {{"task", {{"name", "bpo"}}}}, {{"metric", "judge"}}, Json::object(),
               lines);
}

/// A study of BPO whose cells were written down, with what a judge said of them.
class JudgedStudy : public MadeStudy {
 public:
  explicit JudgedStudy(const std::string& more = "") : MadeStudy(judged_yaml + more) {
    tested(vanilla, answers(20), "bpo");
  }

  std::string answers(std::size_t count) {
    const std::string key = cell("");
    write_answers(folder().cell(key), std::vector<std::string>(count, "an answer"));
    return key;
  }

  /// An answered cell with an outcome for each letter: w, l, t, n (none).
  std::string judged(const std::string& letters) {
    const std::string key = answers(letters.size());
    std::vector<Json> lines;
    for (const char letter : letters) {
      const Outcome outcome = letter == 'w'   ? Outcome::win
                              : letter == 'l' ? Outcome::loss
                              : letter == 't' ? Outcome::tie
                                              : Outcome::no_verdict;
      lines.push_back(Json{{"outcome", outcome_name(outcome)}});
    }
    const auto none = std::ranges::count(letters, 'n');
    make_folder(folder().root() / "judged");
    write_result(verdicts_file(study(), folder(), key), "judge", Json::object(),
                 {{"no_verdict", none}}, Json::object(), lines);
    return key;
  }

  void method(const std::string& test, const std::string& control) {
    EntryOutcome outcome;
    outcome.chosen = 0;
    outcome.tests = {{0, "", {}, test}, {0, "layer", 0, control}};
    this->outcome("A", outcome, "bpo");
  }
};

const std::string ten_wins = "wwwwwwwwwwllllttttnn";  // 10 wins, 4 losses, 6 others
const std::string even = "wwwwwllllltttttttttt";

TEST(JudgedResults, AWinCountsOneATieHalf) {
  JudgedStudy study;
  study.method(study.judged(ten_wins), study.judged(even));
  const std::vector<EntryResults> results = study.results();
  const EntryResults* unsteered = find_results(results, "m", "bpo", vanilla);
  EXPECT_EQ(unsteered->test.value().scores, std::vector<double>(20, 0.5));
  EXPECT_EQ(unsteered->test->interval, (Interval{0.5, 0.5}));
  const EntryResults* steered = find_results(results, "m", "bpo", "A");
  EXPECT_DOUBLE_EQ(steered->test.value().accuracy, 13.0 / 20);
  EXPECT_EQ(steered->test->no_verdict, 2);
  EXPECT_EQ(steered->test->scores[0], 1);
  EXPECT_EQ(steered->test->scores[10], 0);
  EXPECT_EQ(steered->test->scores[14], 0.5);
  EXPECT_EQ(steered->test->scores[19], 0.5);
  EXPECT_LT(steered->test->interval.low, 13.0 / 20);
  EXPECT_GT(steered->test->interval.high, 13.0 / 20);
}

TEST(JudgedResults, TheDifferenceIsWinsLessLosses) {
  JudgedStudy study;
  study.method(study.judged(ten_wins), study.judged(even));
  const std::vector<EntryResults> results = study.results();
  const EntryResults* steered = find_results(results, "m", "bpo", "A");
  const PairedComparison& against = steered->against_vanilla.value();
  EXPECT_DOUBLE_EQ(against.difference, 6.0 / 20);
  EXPECT_EQ(against.better, 10);
  EXPECT_EQ(against.worse, 4);
  EXPECT_DOUBLE_EQ(against.p_value, mcnemar_p_value(10, 4));
  EXPECT_NEAR((against.interval.low + 1) / 2, steered->test->interval.low, 1e-12);
  EXPECT_DOUBLE_EQ(steered->controls.at(0).comparison.value().difference, 6.0 / 20);
}

TEST(JudgedResults, OtherTasksKeepTheirScores) {
  JudgedStudy study;
  study.tested(vanilla, study.cell("1101"));
  EXPECT_EQ(find_results(study.results(), "m", "copa", vanilla)->test.value().accuracy, 0.75);
}

TEST(JudgedResults, CellsThatTheJudgeHasNotSeenAreRefused) {
  JudgedStudy study;
  study.method(study.answers(20), study.judged(even));
  expect_refusal<FileError>([&] { study.results(); }, "the judge has not compared this cell");
  JudgedStudy shorter;
  const std::string key = shorter.answers(20);
  std::filesystem::rename(verdicts_file(shorter.study(), shorter.folder(), shorter.judged("wl")),
                          verdicts_file(shorter.study(), shorter.folder(), key));
  shorter.method(key, shorter.judged(even));
  expect_refusal<FormatError>([&] { shorter.results(); }, "20 items, as in the cell");
}

TEST(JudgedTable, ShowsWinRatesAndWhoseTheyAre) {
  JudgedStudy study("published: {m: {A: {bpo: 22.0}}}\n");
  study.method(study.judged(ten_wins), study.judged(even));
  study.tested(vanilla, study.cell("1100"));
  const Table table = make_table(study.study(), study.results());
  const auto text = [&](std::size_t row, const std::string& header) -> std::string {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].group == "bpo" && table.columns[i].header == header) {
        return table.sections.at(0).rows.at(row)[i].text.value_or("(absent)");
      }
    }
    return "no such column";
  };
  EXPECT_EQ(text(0, "win rate (%)"), "50.0 [50.0, 50.0]");
  EXPECT_TRUE(text(1, "win rate (%)").starts_with("65.0 ["));
  EXPECT_TRUE(text(1, "\u0394WR (points)").starts_with("+30.0 ["));
  EXPECT_EQ(text(1, "paper (\u0394WR)"), "22");
  EXPECT_EQ(text(1, "ours \u2212 paper"), "no such column");
  std::string notes;
  for (const std::string& note : table.notes) notes += note + "\n";
  for (const char* part :
       {"bpo: the model J compared each answer", "The paper's \u0394WR on bpo is another judge's",
        "counted as ties: 2 answers", "Average: the mean over copa,"}) {
    EXPECT_NE(notes.find(part), std::string::npos) << part << "\nin\n" << notes;
  }
}

TEST(JudgedTable, OfAnotherJudgeHasNothing) {
  JudgedStudy study;
  study.method(study.judged(ten_wins), study.judged(even));
  Study& other = study.study();
  const std::optional<ChatOptions> judge = other.judge;
  other.judge->model = "K";
  EXPECT_FALSE(find_results(read_results(other, study.folder()), "m", "bpo", "A")->done);
  other.judge = judge;
  other.judge->endpoint = "http://elsewhere/v1";
  EXPECT_TRUE(find_results(read_results(other, study.folder()), "m", "bpo", "A")->done);
}

TEST(JudgedCells, AreJudgedOnce) {
  const testing::JudgeServer server;
  JudgedStudy made;
  Study& study = made.study();
  study.judge = server.options("fair");
  write_answers(made.folder().cell("plain"), {"bad", "better", "same"});
  write_answers(made.folder().cell("steered"), {"better", "bad", "same"});
  const auto judged = [&](const std::string& key) {
    judge_cell(study, made.folder(), key, "plain");
    CellResult cell = read_cell(made.folder(), key).value();
    take_verdicts(study, made.folder(), false, cell);
    return cell;
  };
  EXPECT_EQ(judged("steered").scores, (std::vector<double>{1, 0, 0.5}));
  EXPECT_EQ(server.requests().size(), 4U);
  judged("steered");
  std::filesystem::remove(verdicts_file(study, made.folder(), "steered"));
  judged("steered");
  EXPECT_EQ(server.requests().size(), 4U) << "its answers are kept";
  write_answers(made.folder().cell("other"), {"better", "bad", "other"});
  judged("other");
  EXPECT_EQ(server.requests().size(), 6U) << "cells that share answers share verdicts";
}

TEST(JudgedTasks, NeedAJudge) {
  const Task bpo = load_task("bpo", project_folder("configs"));
  StudyTask task;
  task.name = "bpo";
  Study study;
  EXPECT_TRUE(is_for_judge(task, bpo));
  expect_refusal<UsageError>([&] { check_judge(study, task, bpo); },
                             "bpo: its answers are for a judge, and the study names none");
  check_judge(JudgedStudy().study(), task, bpo);
  task.scoring = Scoring::choices;
  EXPECT_FALSE(is_for_judge(task, bpo));
  check_judge(study, task, load_task("copa", project_folder("configs")));
}

TEST(JudgedTasks, AStudysJudgeIsReadStrictly) {
  const auto refused = [](const std::string& judge, const std::string& message) {
    try {
      const MadeStudy study("title: T\nmodels: [m]\ntasks: {bpo: {}}\njudge: " + judge + "\n");
      FAIL() << judge;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    }
  };
  refused("{model: J}", "endpoint");
  refused("{endpoint: \"http://h/v1\"}", "model");
  refused("{endpoint: \"http://h/v1\", model: \"\"}", "the judge's name on its server");
  refused("{endpoint: \"file:///etc/passwd\", model: J}", "without user name and query");
  refused("{endpoint: \"http://h/v1\", model: J, key_varible: K}", "did you mean 'key_variable'");
}

}  // namespace
}  // namespace austeer
