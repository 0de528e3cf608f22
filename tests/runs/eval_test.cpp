// Evaluations of a tiny model: what a result says of each item, what is refused before anything is
// written, and several plans at a time.
#include "runs/eval.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "runs/result.hpp"
#include "runs/tiny_runs.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::tiny_run_model;
using testing::TinyRuns;

class Evaluation : public ::testing::Test {
 protected:
  EvalOptions options(const std::string& task) const {
    EvalOptions asked;
    asked.run = made_.run();
    asked.task = made_.task(task);
    return asked;
  }

  /// A plan that moves `units` dims of the FFN of `layers`.
  std::filesystem::path plan(const std::string& name, std::int64_t units, float value,
                             const std::vector<std::int64_t>& layers = {0}) const {
    Plan plan;
    for (const std::int64_t layer : layers) {
      Edit& edit = plan.edits.emplace_back();
      edit = {Site::ffn, layer, Operation::add, {}, {}, Positions::all};
      for (std::int64_t dim = 0; dim < units; ++dim) {
        edit.dims.push_back(dim);
        edit.values.push_back(value);
      }
    }
    save_plan(plan, made_ / name);
    return made_ / name;
  }

  std::vector<EvalReport> run(const EvalOptions& asked,
                              const std::vector<std::filesystem::path>& plans) const {
    std::vector<EvalVariant> variants;
    for (const std::filesystem::path& file : plans) {
      EvalVariant& variant = variants.emplace_back();
      variant.plan.file = file;
      variant.out = made_ / fmt::format("result-{}.json", variants.size());
    }
    return eval_together(asked, variants, tiny_run_model());
  }

  Result result_of(const EvalOptions& asked) const {
    return read_result(run(asked, {""}).front().result, "eval");
  }

  TinyRuns made_;
};

TEST_F(Evaluation, HasALineForEachItemInTheirOrder) {
  const std::vector<Item> items = made_.items("open");
  const Result result = result_of(options("open"));
  ASSERT_EQ(result.items.size(), items.size());
  const Model& model = tiny_run_model();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Json& line = result.items[i];
    EXPECT_EQ(line.at("place"), items[i].place);
    EXPECT_EQ(line.at("prompt"), items[i].prompt);
    EXPECT_EQ(line.at("gold"), items[i].gold);
    const std::vector<Tokens> prompt = {model.tokenizer->encode(items[i].prompt)};
    const std::vector<Tokens> alone =
        Engine(*model.decoder).generate(prompt, {6, model.stop_tokens});
    EXPECT_EQ(line.at("generated"), model.tokenizer->decode(alone.front())) << items[i].place;
  }
}

TEST_F(Evaluation, CountsWhatIsRightAsItsLinesDo) {
  EvalOptions asked = options("choice");
  asked.scoring = Scoring::choices;
  const EvalReport report = run(asked, {""}).front();
  const Result result = read_result(report.result, "eval");
  std::int64_t right = 0;
  for (const Json& line : result.items) {
    EXPECT_EQ(line.at("correct"), line.at("generated") == line.at("gold"));
    right += line.at("correct").get<bool>() ? 1 : 0;
  }
  EXPECT_EQ(report.correct, right);
  EXPECT_EQ(report.items, 7);
  const Json& outcome = result.document.at("outcome");
  EXPECT_EQ(outcome.at("metric"), "choices");
  EXPECT_EQ(outcome.at("accuracy"), static_cast<double>(right) / 7);
  EXPECT_EQ(outcome.at("activations_per_token"), 0);
  EXPECT_TRUE(result.document.at("configuration").at("plan").is_null());
}

TEST_F(Evaluation, OfAJudgesTaskHasNoAccuracy) {
  EvalOptions asked = options("open");
  asked.metric = "judge";
  const EvalReport report = run(asked, {""}).front();
  const Json answer = answer_json(report);
  for (const char* key : {"correct", "accuracy"}) EXPECT_FALSE(answer.contains(key)) << key;
  const Result result = read_result(report.result, "eval");
  EXPECT_FALSE(result.document.at("outcome").contains("accuracy"));
  EXPECT_FALSE(result.items.front().contains("correct"));
}

TEST_F(Evaluation, AnswersEndBeforeTheFirstStopText) {
  const Result whole = result_of(options("open"));
  const Tokenizer& letters = *tiny_run_model().tokenizer;
  const Tokens first = letters.encode(whole.items[0].at("generated").get<std::string>());
  ASSERT_GE(first.size(), 3U);
  const std::string stop = letters.decode(std::span(first).subspan(2, 1));
  made_.write_task("stopped",
                   "answer: \"{answer}\"\nwrong_answer: next\nmax_new_tokens: 6\n"
                   "metric: exact_match\nstop: [" +
                       to_text(Json(stop)) + "]\n");
  const Result stopped = result_of(options("stopped"));
  std::size_t shorter = 0;
  for (std::size_t i = 0; i < whole.items.size(); ++i) {
    const std::string text = whole.items[i].at("generated").get<std::string>();
    EXPECT_EQ(stopped.items[i].at("generated"), text.substr(0, text.find(stop)));
    shorter += text.find(stop) == std::string::npos ? 0 : 1;
  }
  EXPECT_GE(shorter, 1U);
}

TEST_F(Evaluation, TogetherGivesWhatEachGivesAlone) {
  const std::vector<std::filesystem::path> plans = {"", plan("few", 3, 4), plan("many", 60, -2)};
  for (const Scoring scoring : {Scoring::generate, Scoring::choices}) {
    EvalOptions asked = options("choice");
    asked.scoring = scoring;
    std::vector<std::vector<Json>> together;
    const std::vector<EvalReport> reports = run(asked, plans);
    for (const EvalReport& report : reports) {
      together.push_back(read_result(report.result, "eval").items);
    }
    EXPECT_NE(together[0], together[2]) << "the plan has to matter";
    for (std::size_t i = 0; i < plans.size(); ++i) {
      const EvalReport alone = run(asked, {plans[i]}).front();
      EXPECT_EQ(read_result(alone.result, "eval").items, together[i]) << i;
      EXPECT_EQ(alone.correct, reports[i].correct);
      EXPECT_EQ(alone.activations_per_token, reports[i].activations_per_token);
    }
    EXPECT_EQ(reports[1].activations_per_token, 3);
  }
}

TEST_F(Evaluation, WhereOneCannotBeCarriedOutNoneIsWritten) {
  const auto refused = [&](const std::filesystem::path& file, const std::string& part) {
    expect_refusal<Error>([&] { run(options("choice"), {"", file}); }, part);
    EXPECT_FALSE(std::filesystem::exists(made_ / "result-1.json"));
    EXPECT_FALSE(std::filesystem::exists(made_ / "result-1.jsonl"));
  };
  refused(plan("huge", 64, 3e38F, {0, 1}), "finite");
  refused(made_ / "missing", "missing");
  refused(plan("deep", 1, 1, {7}), "layer 7");
}

TEST_F(Evaluation, APromptThatIsTooLongIsNamedAndNothingIsWritten) {
  write_file(made_ / "data/Made/long.jsonl",
             to_text(Json{{"question", "q"}, {"answer", "a"}}) + "\n" +
                 to_text(Json{{"question", std::string(600, 'q')}, {"answer", "a"}}) + "\n");
  write_file(made_ / "long.yaml",
             "name: long\ndataset: Made\nsplits: {test: long.jsonl}\nprompt: \"{question}\"\n"
             "answer: \"{answer}\"\nmax_new_tokens: 12\nmetric: exact_match\n");
  expect_refusal<FormatError>([&] { run(options("long"), {""}); },
                              "long.jsonl:2: the prompt is too long for the model; expected at "
                              "most 500 tokens; found 600");
  EXPECT_FALSE(std::filesystem::exists(made_ / "result-1.json"));
}

TEST_F(Evaluation, RefusesWhatCannotWorkWhateverTheModel) {
  const auto refused = [&](EvalOptions asked, const std::string& part) {
    expect_refusal<Error>([&] { run(asked, {""}); }, part);
  };
  EvalOptions asked = options("open");
  asked.scoring = Scoring::choices;
  refused(asked, "the task open has no choices to compare");
  asked = options("choice");
  asked.scoring = Scoring::choices;
  asked.max_new_tokens = 2;
  refused(asked, "nothing is generated with --scoring choices");
  asked = options("choice");
  asked.scorer = "austeer";
  refused(asked, "the task choice is not scored by toxicity");
  asked = options("open");
  asked.metric = "exact_mach";
  refused(asked, "did you mean 'exact_match'");
  asked = options("open");
  asked.split = "tset";
  refused(asked, "the task open has no split 'tset'. known: train, test");
  asked = options("open");
  asked.limit = 0;
  refused(asked, "at least 1");
  made_.write_task("family",
                   "answer: \"{answer}\"\nmax_new_tokens: {default: 3, lama: 1}\n"
                   "metric: exact_match\n");
  refused(options("family"), "no family of models is called 'lama'");
}

}  // namespace
}  // namespace austeer
