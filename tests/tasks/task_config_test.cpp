// A task's YAML file: each mistake is one clear refusal.
#include "tasks/task_config.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "tasks/task.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

constexpr const char* good = R"(name: t
dataset: D
splits: {train: a.jsonl}
prompt: "{q}"
label: label
answers: {true: "Yes", false: "No"}
max_new_tokens: 1
metric: exact_match
)";

/// `good` with `part` replaced.
std::string with(const std::string& part, const std::string& by) {
  std::string text = good;
  return text.replace(text.find(part), part.size(), by);
}

void expect_bad_config(const std::string& yaml, const std::string& message) {
  TemporaryFolder folder;
  write_file(folder / "t.yaml", yaml);
  expect_refusal<FormatError>([&] { load_task((folder / "t.yaml").string(), "configs"); },
                              "t.yaml" + message);
}

TEST(TaskConfig, DefaultsAndRoundTrip) {
  TemporaryFolder folder;
  write_file(folder / "t.yaml", good);
  const Task task = load_task((folder / "t.yaml").string(), "configs");
  EXPECT_EQ(
      to_text(task.resolved()),
      R"({"name":"t","title":"t","description":"","dataset":"D","splits":{"train":["a.jsonl"]},)"
      R"("prompt":"{q}","label":"label","answers":{"true":"Yes","false":"No"},)"
      R"("gold_answers":{"true":"Yes","false":"No"},"wrong_answer":"next","max_new_tokens":1,)"
      R"("metric":"exact_match"})");
  EXPECT_EQ(Task(task.resolved(), "again").fingerprint(), task.fingerprint());
}

TEST(TaskConfig, AskingInChatIsAKeyOfItsOwn) {
  const auto task = [](const std::string& more) {
    TemporaryFolder folder;
    write_file(folder / "t.yaml", good + more);
    return load_task((folder / "t.yaml").string(), "configs");
  };
  const Task plain = task("");
  EXPECT_EQ(task("chat: false\n").fingerprint(), plain.fingerprint());
  const Task chat = task("chat: true\n");
  EXPECT_NE(chat.fingerprint(), plain.fingerprint());
  const Task system = task("chat: true\nsystem: \"Be {q}.\"\n");
  EXPECT_NE(system.fingerprint(), chat.fingerprint());
  EXPECT_EQ(Task(system.resolved(), "again").fingerprint(), system.fingerprint());
  expect_bad_config(std::string(good) + "system: x\n", ": the key 'system' has a wrong value");
  expect_bad_config(std::string(good) + "chat: \"yes\"\n", ": the key 'chat' has a wrong value");
  expect_bad_config(std::string(good) + "chat: true\nsystem: \"{q\"\n", ": system: an unclosed");
}

TEST(TaskConfig, WholeTextsOfPairsHaveNoPlaceInAChat) {
  constexpr const char* pairs = R"(name: t
dataset: D
splits: {train: a.jsonl}
prompt: "{q}"
chat: true
pairs:
  positive: {prompt: "{q}", text: " a"}
  negative: "{q} b"
max_new_tokens: 1
metric: judge
)";
  expect_bad_config(pairs, ": the key 'chat' has a wrong value; expected both sides of pairs with");
}

TEST(TaskConfig, KeysAreStrict) {
  expect_bad_config(std::string(good) + "promt: x\n",
                    ": unknown key 'promt'. did you mean 'prompt'?");
  expect_bad_config(with("label: label\n", ""), ": the key 'label' is missing");
  expect_bad_config(with("prompt: \"{q}\"", "prompt: 3"), ": the key 'prompt' has a wrong value");
  expect_bad_config(with("max_new_tokens: 1", "max_new_tokens: 0"),
                    ": max_new_tokens is out of range");
  expect_bad_config(with("max_new_tokens: 1", "max_new_tokens: 1.5"), ": the key 'max_new_tokens'");
  expect_bad_config(with("exact_match", "exact_mach"),
                    ": unknown metric 'exact_mach'. did you mean 'exact_match'?");
  expect_bad_config(with("name: t", "name: u"),
                    ": the name does not fit the file's; expected name: t");
  expect_bad_config("- a\n- b\n", "; expected an object");
  expect_bad_config("name: [t\n", ":2:");
}

TEST(TaskConfig, Splits) {
  expect_bad_config(with("{train: a.jsonl}", "{}"), ": splits: empty; expected at least one split");
  expect_bad_config(with("{train: a.jsonl}", "a.jsonl"), ": splits; expected an object");
  expect_bad_config(with("{train: a.jsonl}", "{train: []}"), ": splits: train: not a split");
  expect_bad_config(with("{train: a.jsonl}", "{\"a[1]\": a.jsonl}"), ": splits: a[1]: not a split");
  expect_bad_config(with("{train: a.jsonl}", "{train: 3}"),
                    ": splits: the key 'train' has a wrong value");
  for (const std::string file : {"../a.jsonl", "/etc/a.jsonl", "x/../../a.jsonl", "''"}) {
    expect_bad_config(with("a.jsonl", file), ": splits: not a path below the datasets folder");
  }
  expect_bad_config(with("dataset: D", "dataset: ../D"), ": not a path below the datasets folder");
}

TEST(TaskConfig, Answers) {
  const std::string both = R"({true: "Yes", false: "No"})";
  expect_bad_config(with(both, "{}"),
                    ": answers: too few answers; expected at least two different texts");
  expect_bad_config(with(both, "{a: x, b: x}"), ": answers: too few answers");
  expect_bad_config(with(both, "{a: 1, b: 2}"),
                    ": answers: the key 'a' has a wrong value; expected a text");
  expect_bad_config(std::string(good) + "gold_answers: {true: x}\n",
                    ": gold_answers: the key 'false' is missing");
  expect_bad_config(std::string(good) + "gold_answers: {true: x, false: y, maybe: z}\n",
                    ": gold_answers: unknown key 'maybe'");
}

TEST(TaskConfig, BrokenTemplates) {
  expect_bad_config(with("{q}", "{q"), ": prompt");
  expect_bad_config(with("{q}", "{}"), ": prompt");
}

}  // namespace
}  // namespace austeer
