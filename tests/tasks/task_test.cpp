// Tasks: the three templates byte for byte, the pairs, a task that only a YAML file describes, and
// what is refused.
#include "tasks/task.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::project_configs;
using testing::TemporaryFolder;

/// A datasets folder that holds one file.
class OneFile {
 public:
  OneFile(const std::string& file, std::string_view text) {
    make_folder((folder_ / file).parent_path());
    write_file(folder_ / file, text);
  }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

/// What a task of configs/ makes of a file that holds `text`.
struct Made {
  std::vector<Item> items;
  std::vector<Pair> pairs;
};

Made made_of(const std::string& task, const std::string& split, const std::string& file,
             std::string_view text) {
  const OneFile data(file, text);
  const Task loaded = load_task(task, project_configs);
  return {loaded.items(split, data.path()), loaded.pairs(split, data.path())};
}

TEST(Tasks, BoolQ) {
  const auto [items, pairs] =
      made_of("boolq", "test", "BoolQ/dev.jsonl",
              R"({"question":"is it","title":"T","answer":true,"passage":"It {is}."}
{"question":"is it","title":"T","answer":false,"passage":"It is."})");
  ASSERT_EQ(items.size(), 2U);
  const std::string prompt =
      "Is the answer to the question encapsulated in the passage? Please confirm with 'yes' or "
      "'no'.\n\nPassage: It {is}.\n\nQuestion: is it\n\nAnswer:";
  EXPECT_EQ(items[0].prompt, prompt);
  EXPECT_EQ(items[0].gold, " yes");
  EXPECT_EQ(pairs[0].positive, prompt + "Yes");
  EXPECT_EQ(pairs[0].negative, prompt + "No");
  EXPECT_EQ(pairs[0].answer_class, "true");
  EXPECT_EQ(pairs[0].positive_answer, prompt.size());
  EXPECT_EQ(pairs[0].negative_answer, prompt.size());
  EXPECT_EQ(pairs[1].answer_class, "false");
  EXPECT_EQ(items[0].choices, (std::vector<std::string>{" yes", " no"}));
  EXPECT_EQ(items[1].right, 1U);
  EXPECT_EQ(items[0].place, "dev.jsonl:1");
  EXPECT_EQ(items[1].gold, " no");
  EXPECT_EQ(pairs[1].positive, items[1].prompt + "No");
  EXPECT_EQ(pairs[1].negative, items[1].prompt + "Yes");
  const Task task = load_task("boolq", project_configs);
  EXPECT_EQ(task.max_new_tokens("llama"), 1);
  EXPECT_TRUE(task.is_correct("Yes", items[0]));
  EXPECT_FALSE(task.is_correct("Yes", items[1]));
}

TEST(Tasks, Copa) {
  const auto [items, pairs] = made_of("copa", "train", "COPA/train.jsonl",
                                      R"({"premise":"P.","choice1":"One.","choice2":"Two.",)"
                                      R"("question":"cause","label":1,"idx":1})");
  const std::string prompt =
      "Question:\nP. Based on the previous passage, choose the most reasonable cause.\nA:One.\n"
      "B:Two.\n\nAnswer:\n";
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].prompt, prompt);
  EXPECT_EQ(items[0].gold, "B");
  EXPECT_EQ(pairs[0].positive, prompt + "B");
  EXPECT_EQ(pairs[0].negative, prompt + "A");
  EXPECT_EQ(load_task("copa", project_configs).max_new_tokens("llama"), 1);
}

TEST(Tasks, WinoGrande) {
  const auto [items, pairs] = made_of("winogrande", "test", "WinoGrande/dev.jsonl",
                                      R"({"qID":"x-1","sentence":"S _.","option1":"Ann",)"
                                      R"("option2":"Bob","answer":"1"})");
  const std::string prompt =
      "Please fill in the blanks. Write A or B as the answer.\n\nSentence: S _.\nA. Ann\nB. "
      "Bob\nAnswer:";
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].prompt, prompt);
  EXPECT_EQ(items[0].gold, " A");
  EXPECT_EQ(pairs[0].positive, prompt + "A");
  EXPECT_EQ(pairs[0].negative, prompt + "B");
  EXPECT_EQ(load_task("winogrande", project_configs).max_new_tokens("llama"), 1);
}

TEST(Tasks, SplitsCutTheItems) {
  std::string lines;
  for (int i = 0; i < 10; ++i) {
    lines += R"({"premise":"P)" + std::to_string(i) +
             R"(","choice1":"a","choice2":"b","question":"cause","label":0})" + "\n";
  }
  const OneFile data("COPA/train.jsonl", lines);
  const Task task = load_task("copa", project_configs);
  const auto all = task.items("train", data.path());
  const auto some = task.items("train[3:5]", data.path());
  ASSERT_EQ(all.size(), 10U);
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some[0].prompt, all[3].prompt);
  EXPECT_EQ(some[1].place, "train.jsonl:5");
  expect_refusal<UsageError>([&] { task.items("train[:11]", data.path()); },
                             "'train' has 10 items");
  expect_refusal<UsageError>([&] { task.items("trains", data.path()); }, "did you mean 'train'?");
}

TEST(Tasks, FingerprintsFollowTheTexts) {
  const Pair pair{"place", "promptA", "promptB", "0", 0, 0};
  Pair moved = pair;
  moved.place = "elsewhere";
  EXPECT_EQ(pairs_fingerprint(std::span(&pair, 1)), pairs_fingerprint(std::span(&moved, 1)));
  EXPECT_EQ(pairs_fingerprint(std::span(&pair, 1)), sha256(std::string("promptA\0promptB\0", 16)));
  EXPECT_EQ(answers_fingerprint(std::span(&pair, 1)), sha256(std::string("0\0000\0", 4)));
  moved.positive_answer = 6;
  moved.negative_answer = 12;
  EXPECT_EQ(answers_fingerprint(std::span(&moved, 1)), sha256(std::string("6\00012\0", 5)));
  EXPECT_EQ(pairs_fingerprint(std::span(&pair, 1)), pairs_fingerprint(std::span(&moved, 1)));
  const Item item{"place", "prompt", "gold", {}, 0};
  EXPECT_EQ(prompts_fingerprint(std::span(&item, 1)), sha256(std::string("prompt\0gold\0", 12)));
  const Task copa = load_task("copa", project_configs);
  EXPECT_NE(copa.fingerprint(), load_task("boolq", project_configs).fingerprint());
  Json changed = copa.resolved();
  changed["title"] = "another title";
  EXPECT_EQ(Task(changed, "x.yaml").fingerprint(), copa.fingerprint());
  changed["prompt"] = copa.config().prompt + " ";
  EXPECT_NE(Task(changed, "x.yaml").fingerprint(), copa.fingerprint());
}

TEST(Tasks, AUsersOwnTaskNeedsOnlyYaml) {
  const OneFile data("Capitals/own.csv", "q,a,b,c,right\n\"Where, then?\",x,y,z,3\nWho?,p,q,r,1\n");
  write_file(data.path() / "capitals.yaml", R"(name: capitals
dataset: Capitals
splits: {all: [missing.jsonl, own.csv]}
prompt: "{q} {{1}} {a} {{2}} {b} {{3}} {c}:"
label: right
answers: {1: first, 2: second, 3: third}
gold_answers: {1: 1st, 2: 2nd, 3: 3rd}
max_new_tokens: 3
metric: exact_match
)");
  const Task task = load_task((data.path() / "capitals.yaml").string(), project_configs);
  const auto items = task.items("all", data.path());
  const auto pairs = task.pairs("all", data.path());
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].prompt, "Where, then? {1} x {2} y {3} z:");
  EXPECT_EQ(pairs[0].positive, items[0].prompt + "third");
  EXPECT_EQ(pairs[0].negative, items[0].prompt + "first") << "after the last answer the first";
  EXPECT_EQ(items[0].gold, "3rd");
  EXPECT_EQ(pairs[1].negative, items[1].prompt + "second");
  EXPECT_EQ(task.config().title, "capitals");
}

TEST(Tasks, TheListAndUnknownNames) {
  EXPECT_EQ(
      task_names(project_configs),
      (std::vector<std::string>{"boolq", "bpo", "copa", "detox", "detox_raw", "gsm8k", "mawps",
                                "provocations", "storycloze", "svamp", "winogrande"}));
  expect_refusal<UsageError>([] { load_task("bolq", project_configs); }, "did you mean 'boolq'?");
  expect_refusal<UsageError>([] { load_task("zzzzzz", project_configs); },
                             "known: boolq, bpo, copa, detox");
  expect_refusal<FileError>([] { task_names("/nonexistent"); }, "/nonexistent/tasks");
  expect_refusal<FileError>([] { load_task("/nonexistent/a.yaml", project_configs); },
                            "/nonexistent/a.yaml");
}

TEST(Tasks, MissingDataSayWhereTheyWereSought) {
  const OneFile data("COPA/other.jsonl", "{}");
  const std::string hint =
      "Point --datasets or AUSTEER_DATASETS at a folder that holds COPA, or run: austeer fetch "
      "dataset copa";
  const Task task = load_task("copa", project_configs);
  const std::string folder = data.path().string();
  expect_refusal<FileError>([&] { task.items("test", folder + "/no"); },
                            "no folder " + folder + "/no/COPA. " + hint);
  expect_refusal<FileError>([&] { task.items("test", folder); },
                            "the split 'test' of the task copa is not there: " + folder +
                                "/COPA holds no test.jsonl or copa-test.xml. " + hint);
}

TEST(Tasks, HiddenAndUnknownLabels) {
  const auto refuse = [](const std::string& line, const std::string& message) {
    expect_refusal<FormatError>(
        [&] { made_of("winogrande", "test", "WinoGrande/dev.jsonl", line); }, message);
  };
  const std::string start = R"({"sentence":"S","option1":"a","option2":"b")";
  refuse(start + "}",
         "dev.jsonl:1: no gold label: the field 'answer' is missing (task winogrande)");
  refuse(start + R"(,"answer":null})", "the field 'answer' is missing");
  refuse(start + R"(,"answer":""})", "the field 'answer' is empty");
  refuse("\n" + start + R"(,"answer":-1})",
         "dev.jsonl:2: no gold label: the field 'answer' is none of the labels of the task "
         "winogrande; expected 1, 2; found '-1'. Items with hidden labels");
}

TEST(Tasks, MissingTemplateField) {
  const std::string message = testing::refusal<FormatError>([] {
    made_of("winogrande", "test", "WinoGrande/dev.jsonl",
            "\n"
            R"({"sentence":"S","option1":"a","answer":"1"})");
  });
  for (const std::string part : {"option2", "winogrande.yaml: prompt", "dev.jsonl:2"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace austeer
