// The building blocks of tasks: filters, derived numbers, wrong answers, pairs with texts of their
// own, lengths by family; and what is refused.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "tasks/task.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

/// A task t with the data set D, whose one split reads `jsonl`.
class OneTask {
 public:
  OneTask(const std::string& yaml, const std::string& jsonl) {
    make_folder(folder_ / "D");
    write_file(folder_ / "D/a.jsonl", jsonl);
    write_file(folder_ / "t.yaml", "name: t\ndataset: D\nsplits: {all: a.jsonl}\n" + yaml);
  }
  Task task() const { return load_task((folder_ / "t.yaml").string(), "configs"); }
  std::vector<Item> items() const { return task().items("all", folder_.path()); }
  std::vector<Pair> pairs(const std::string& split = "all",
                          const NearestOthers& nearest = {}) const {
    return task().pairs(split, folder_.path(), nearest);
  }

 private:
  TemporaryFolder folder_;
};

const std::string open_task = R"(prompt: "{q}="
answer: "{n}"
numbers: {n: a}
max_new_tokens: 3
metric: number_match
)";

const std::string sums = R"({"q":"1+1","a":2.0}
{"q":"2+2","a":"4.50"}
{"q":"3-1","a":2}
{"q":"x","a":"so #### 1,000"}
)";

std::vector<std::string> wrong_answers_of(const std::string& block, const NearestOthers& nearest) {
  std::vector<std::string> wrong;
  const OneTask data(open_task + "wrong_answer: " + block + "\n", sums);
  for (const Pair& pair : data.pairs("all", nearest)) {
    wrong.push_back(pair.negative.substr(pair.negative.find('=') + 1));
  }
  return wrong;
}

TEST(TaskBlocks, NumbersAreReadOutOfFields) {
  const OneTask data(open_task + "wrong_answer: next\n", sums);
  const auto items = data.items();
  EXPECT_EQ(items[0].prompt, "1+1=");
  EXPECT_EQ(items[0].gold, "2");
  EXPECT_EQ(items[1].gold, "4.5");
  EXPECT_EQ(items[3].gold, "1000");
  EXPECT_TRUE(items[0].choices.empty());
  EXPECT_TRUE(data.task().is_correct(" is 4.50 apples", items[1]));
  EXPECT_EQ(data.pairs()[1].positive, "2+2=4.5");
  EXPECT_EQ(data.pairs()[1].answer_class, "");
  EXPECT_EQ(data.pairs()[1].negative_answer, std::string("2+2=").size());
  expect_refusal<FormatError>(
      [] { OneTask(open_task + "wrong_answer: next\n", R"({"q":"?","a":"none"})").items(); },
      "a.jsonl:1: no number for the field 'n'; expected one in the field 'a'; found 'none'");
}

TEST(TaskBlocks, WrongAnswers) {
  // The distinct answers are 2, 4.5, 1000; the nearest others say 4.5, 2, 4.5.
  const NearestOthers nearest = [](std::span<const std::string> texts, std::size_t pool) {
    EXPECT_EQ(pool, texts.size());
    EXPECT_EQ(std::vector<std::string>(texts.begin(), texts.end()),
              (std::vector<std::string>{"2", "4.5", "1000"}));
    return std::vector<std::size_t>{1, 0, 1};
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(wrong_answers_of("next", {}), (Texts{"4.5", "2", "1000", "2"}));
  EXPECT_EQ(wrong_answers_of("most_similar", nearest), (Texts{" ", "2", " ", "4.5"}));
  EXPECT_EQ(wrong_answers_of("most_similar_different", nearest), (Texts{"4.5", "2", "4.5", "4.5"}));
  expect_refusal<FormatError>(
      [] {
        OneTask(open_task + "wrong_answer: next\n",
                "{\"q\":\"a\",\"a\":1}\n{\"q\":\"b\",\"a\":1}\n")
            .pairs();
      },
      "no two answers of the split differ");
}

TEST(TaskBlocks, WrongAnswersFromTheFirstRecords) {
  const NearestOthers nearest = [](std::span<const std::string> texts, std::size_t pool) {
    EXPECT_EQ(texts.size(), 3U);
    EXPECT_EQ(pool, 2U) << "2 and 4.5";
    return std::vector<std::size_t>{1, 0, 1};
  };
  const auto wrong = [&](const std::string& more) {
    std::vector<std::string> texts;
    for (const Pair& pair : OneTask(open_task + more, sums).pairs("all", nearest)) {
      texts.push_back(pair.negative.substr(pair.negative.find('=') + 1));
    }
    return texts;
  };
  using Texts = std::vector<std::string>;
  // The third record's 2 stands in the pool too: the most similar answer is the right one.
  EXPECT_EQ(wrong("wrong_answer: most_similar\nwrong_answers_from: 2\nblank: \"     \"\n"),
            (Texts{"4.5", "2", "     ", "4.5"}));
  EXPECT_EQ(wrong("wrong_answer: most_similar_different\nwrong_answers_from: 2\n"),
            (Texts{"4.5", "2", "4.5", "4.5"}));
  EXPECT_EQ(wrong("wrong_answer: next\nwrong_answers_from: 2\n"), (Texts{"4.5", "2", "4.5", "2"}));
  EXPECT_EQ(wrong("wrong_answer: next\nwrong_answers_from: 9\n"), (Texts{"4.5", "2", "1000", "2"}))
      << "no more than there are";
}

TEST(TaskBlocks, KeysThatAreNotSetLeaveTheFingerprint) {
  const auto fingerprint = [](const std::string& more) {
    return OneTask(open_task + "wrong_answer: most_similar\n" + more, sums).task().fingerprint();
  };
  EXPECT_EQ(fingerprint("blank: \" \"\nanswer_mark: \"####\"\n"), fingerprint(""));
  EXPECT_NE(fingerprint("blank: \"     \"\n"), fingerprint(""));
  EXPECT_NE(fingerprint("wrong_answers_from: 3\n"), fingerprint(""));
  EXPECT_NE(fingerprint("answer_mark: Answer\n"), fingerprint(""));
  const Task task = OneTask(open_task +
                                "wrong_answer: most_similar\nblank: \"  \"\n"
                                "wrong_answers_from: 3\nanswer_mark: Answer\n",
                            sums)
                        .task();
  EXPECT_EQ(Task(task.resolved(), "again").fingerprint(), task.fingerprint());
}

TEST(TaskBlocks, ThePublishedMetricReadsTheTasksMark) {
  const std::string published = R"(prompt: "{q}="
answer: "{n}"
numbers: {n: a}
max_new_tokens: 3
metric: number_match_published
)";
  const OneTask at_answer(published + "answer_mark: Answer\n", sums);
  const OneTask at_hashes(published, sums);
  const std::string text = "So it is. Answer 2 of 5";
  EXPECT_FALSE(at_answer.task().with_metric("number_match").is_correct(text, at_answer.items()[0]));
  EXPECT_NE(at_answer.task().with_metric("number_match").fingerprint(),
            at_answer.task().fingerprint());
  expect_refusal<UsageError>([&] { at_answer.task().with_metric("number_mach"); },
                             "did you mean 'number_match'");
  EXPECT_TRUE(at_answer.task().is_correct(text, at_answer.items()[0]));
  EXPECT_FALSE(at_hashes.task().is_correct(text, at_hashes.items()[0]));
}

TEST(TaskBlocks, TheRangeOfASplitDoesNotChangeTheWrongAnswers) {
  const OneTask data(open_task + "wrong_answer: next\n", sums);
  const auto all = data.pairs();
  const auto some = data.pairs("all[1:3]");
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some[1].negative, all[2].negative);
}

const std::string own_texts = R"(prompt: "{p.text}"
max_new_tokens: 1
metric: toxicity
)";

const std::string scored = R"({"p":{"text":"a","t":0.05},"c":{"text":" A","t":0.9},"ok":true}
{"p":{"text":"b","t":0.05},"c":{"text":" B","t":0.1},"ok":true}
{"p":{"text":"c","t":0.2},"c":{"text":" C","t":0.95},"ok":false}
{"p":{"text":"d","t":0.2},"c":{"text":" D","t":null},"ok":true}
{"p":{"text":"e","t":0.3},"c":{"text":" E","t":0.7},"ok":true}
)";

TEST(TaskBlocks, PairsWithTextsOfTheirOwn) {
  const OneTask data(own_texts + R"(pairs:
  where: {c.t: {above: 0.5}, p.t: {below: 0.25}}
  positive: "no"
  negative: "{p.text}{c.text}"
)",
                     scored);
  const auto pairs = data.pairs();
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs[0].positive, "no");
  EXPECT_EQ(pairs[0].negative, "a A");
  EXPECT_EQ(pairs[1].negative, "c C");
  EXPECT_EQ(pairs[1].place, "a.jsonl:3");
  EXPECT_EQ(pairs[0].positive_answer, 0U) << "without a prompt the whole text is the answer";
  EXPECT_EQ(pairs[0].negative_answer, 0U);
  EXPECT_EQ(data.items().size(), 5U) << "the conditions are those of the pairs";
  EXPECT_EQ(data.pairs("all[1:]").at(0).negative, "c C") << "ranges count pairs";
}

TEST(TaskBlocks, SidesFromDifferentRecords) {
  const OneTask data(own_texts + R"(where: {ok: {is: true}}
pairs:
  positive: {where: {c.t: {below: 0.2}}, text: "{p.text}{c.text}"}
  negative: {where: {c.t: {above: 0.5}}, text: "{p.text}{c.text}!"}
)",
                     scored);
  const auto pairs = data.pairs();
  ASSERT_EQ(pairs.size(), 1U) << "as many as the shorter list has";
  EXPECT_EQ(pairs[0].positive, "b B");
  EXPECT_EQ(pairs[0].negative, "a A!");
  EXPECT_EQ(pairs[0].place, "a.jsonl:2 and a.jsonl:1");
  EXPECT_EQ(data.items().size(), 4U);
}

TEST(TaskBlocks, AnswersBeginAfterThePrompt) {
  const std::string umlaut = R"({"p":{"text":"\u00fc "},"c":{"text":" A"}})";
  const OneTask data(own_texts + R"(pairs:
  positive: {prompt: "{p.text}", text: "yes"}
  negative: {prompt: "", text: "{p.text}{c.text}"}
)",
                     umlaut);
  const auto pairs = data.pairs();
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].positive, "\u00fc yes");
  EXPECT_EQ(pairs[0].positive_answer, 3U) << "bytes, not characters";
  EXPECT_EQ(pairs[0].negative, "\u00fc  A");
  EXPECT_EQ(pairs[0].negative_answer, 0U);
  EXPECT_EQ(Task(data.task().resolved(), "again").fingerprint(), data.task().fingerprint());
  EXPECT_EQ(to_text(data.task().resolved()["pairs"]),
            R"({"positive":{"prompt":"{p.text}","text":"yes"},"negative":"{p.text}{c.text}"})");
  expect_refusal<FormatError>(
      [&] {
        OneTask(own_texts + "pairs: {positive: {prompt: '{q}', text: a}, negative: b}\n", umlaut)
            .pairs();
      },
      "'q'");
  expect_refusal<FormatError>(
      [&] {
        OneTask(own_texts + "pairs: {positive: {promt: a, text: a}, negative: b}\n", umlaut)
            .pairs();
      },
      "unknown key 'promt'");
}

TEST(TaskBlocks, ConditionsThatNothingMeets) {
  expect_refusal<FormatError>(
      [] { OneTask(own_texts + "where: {ok: {is: maybe}}\n", scored).items(); },
      "a.jsonl: no record meets the conditions of the task t");
  expect_refusal<FormatError>(
      [] {
        OneTask(own_texts + "pairs: {where: {x: {above: 1}}, positive: a, negative: b}\n", scored)
            .pairs();
      },
      "no record of the split 'all' meets the conditions of the pairs");
  expect_refusal<UsageError>([] { OneTask(own_texts, scored).pairs(); },
                             "the task t makes no pairs");
}

TEST(TaskBlocks, AnswersMayBeTemplates) {
  const OneTask data(R"(prompt: "{s}"
label: right
answers: {1: "{a}", 2: "{b}"}
max_new_tokens: {default: 4, llama: 50}
metric: exact_match
)",
                     R"({"s":"Once.","a":" One.","b":" Two.","right":2})");
  EXPECT_EQ(data.items()[0].gold, " Two.");
  EXPECT_EQ(data.items()[0].choices, (std::vector<std::string>{" One.", " Two."}));
  EXPECT_EQ(data.pairs()[0].negative, "Once. One.");
  EXPECT_EQ(data.task().max_new_tokens("llama"), 50);
  EXPECT_EQ(data.task().max_new_tokens("qwen3"), 4);
  expect_refusal<FormatError>(
      [] {
        OneTask(R"(prompt: "{s}"
label: right
answers: {1: "{a}", 2: "{b}"}
max_new_tokens: 4
metric: exact_match
)",
                R"({"s":"Once.","a":" One.","b":" One.","right":2})")
            .pairs();
      },
      "a.jsonl:1: all answers have the same text");
}

const std::string quiz = R"({"q":"Which bird?","c":["trout","wren","oak"],"n":1,"two":[["a"],["b"]]}
{"q":"Which fish?","c":["carp","crow"],"n":"0","two":[["c"],["d"]]}
)";

std::string choice_task(const std::string& keys) {
  return "prompt: \"{q}\"\nmax_new_tokens: 1\nmetric: exact_match\n" + keys;
}

TEST(TaskLists, ElementsAreNamed) {
  const OneTask data(R"(prompt: "{q} {c[0]}, {c[-1]}"
label: n
answers: {0: "{c[0]}", 1: "{c[1]}"}
gold_answers: {0: "{c[n]}", 1: "{c[n]}"}
max_new_tokens: 1
metric: exact_match
)",
                     quiz);
  const auto items = data.items();
  EXPECT_EQ(items[0].prompt, "Which bird? trout, oak");
  EXPECT_EQ(items[0].gold, "wren");
  EXPECT_EQ(items[1].prompt, "Which fish? carp, crow");
  EXPECT_EQ(items[1].gold, "carp") << "a number may be a text";
  EXPECT_EQ(data.pairs()[0].negative, "Which bird? trout, oaktrout");
}

TEST(TaskLists, ListsInObjectsAndKeysInFields) {
  // The shape of ARC on the hub, and an object that another field picks from.
  const OneTask data(R"(prompt: "{q}|{choices.text[1]}|{by[pick]}|{deep[1].x[0]}|{a.b}"
label: key
answers: {A: "{choices.text[0]}", B: "{choices.text[1]}"}
max_new_tokens: 1
metric: exact_match
)",
                     R"({"q":"?","choices":{"text":["x","y"],"label":["A","B"]},"key":"B",)"
                     R"("by":{"red":"R","10":"T"},"pick":"red","deep":[0,{"x":[5]}],)"
                     R"("a.b":"dotted","a":{"b":"nested"}})");
  EXPECT_EQ(data.items()[0].prompt, "?|y|R|5|dotted") << "a key like the whole path comes first";
  EXPECT_EQ(data.items()[0].gold, "y");
}

TEST(TaskLists, AGoldThatIsAListMeansAnyOfThem) {
  const std::string lines =
      R"({"q":"1","a":["Yes","yes it did"],"n":["12","1,000"]}
{"q":"2","a":["no"],"n":[3]}
)";
  const OneTask data("prompt: \"{q}\"\ngold: \" {a}\"\nmax_new_tokens: 1\nmetric: exact_match\n",
                     lines);
  const auto items = data.items();
  EXPECT_EQ(items[0].gold, " Yes");
  EXPECT_EQ(items[0].other_golds, std::vector<std::string>{" yes it did"});
  EXPECT_TRUE(data.task().is_correct("YES IT DID\n", items[0]));
  EXPECT_TRUE(data.task().is_correct("yes", items[0]));
  EXPECT_FALSE(data.task().is_correct("no", items[0]));
  EXPECT_TRUE(items[1].other_golds.empty());
  const OneTask numbers("prompt: \"{q}\"\ngold: \"{n}\"\nmax_new_tokens: 1\nmetric: number_match\n",
                        lines);
  EXPECT_TRUE(numbers.task().is_correct("so 1000.", numbers.items()[0]));
  EXPECT_FALSE(numbers.task().is_correct("so 100.", numbers.items()[0]));

  Item one{"p", "q", "a", {}, 0};
  const std::string alone = prompts_fingerprint(std::span(&one, 1));
  one.other_golds = {"b"};
  EXPECT_NE(prompts_fingerprint(std::span(&one, 1)), alone);
  const OneTask wide(
      "prompt: p\nanswer: \"{a}\"\nwrong_answer: next\nmax_new_tokens: 1\n"
      "metric: exact_match\n",
      lines);
  EXPECT_EQ(wide.items()[0].other_golds.size(), 1U);
  expect_refusal<FormatError>([&] { wide.pairs(); },
                              "t.yaml: answer: the field 'a' of the record a.jsonl:1 is no text; "
                              "expected a text, a number, true or false; found a list");
}

TEST(TaskLists, WhatCannotBeNamedIsRefused) {
  const auto refuse = [](const std::string& place, const std::string& message) {
    expect_refusal<FormatError>(
        [&] {
          OneTask("prompt: \"" + place + "\"\nmax_new_tokens: 1\nmetric: judge\n", quiz).items();
        },
        message);
  };
  refuse("{c}",
         "t.yaml: prompt: the field 'c' of the record a.jsonl:1 is no text; expected a "
         "text, a number, true or false; found a list. Name one of its elements: {c[0]}");
  refuse("{two[0]}", "the field 'two[0]' of the record a.jsonl:1 is no text");
  refuse("{c[2]}",
         "a.jsonl:2: 'c[2]' names nothing; expected an element of the list; found element "
         "2 of 2. Elements are counted from 0");
  refuse("{c[-4]}", "found element -4 of 3");
  refuse("{c[q]}",
         "'c[q]' names nothing; expected a whole number in the field 'q', from 0 to 2; "
         "found 'Which bird?'. In a choice task each label can name its element");
  refuse("{c[none]}", "expected a field called 'none'");
  refuse("{c[two]}", "expected a number or a text in the field 'two'; found a list");
  refuse("{q[0]}", "expected a list or an object in the field 'q'; found a text");
  refuse("{c[}", "expected brackets that hold a name");
  refuse("{c[]}", "expected brackets that hold a name");
  refuse("{c[0]x}", "expected '.', '[' or the end after ']'");
  refuse("{c.0}", "has no field 'c.0'");
  expect_refusal<FormatError>(
      [] { OneTask(choice_task("label: c\nanswers: {0: a, 1: b}\n"), quiz).items(); },
      "a.jsonl:1: no gold label: the field 'c' is a list (task t). Name what is in it: label: "
      "c[0]");
  expect_refusal<FormatError>(
      [] { OneTask(choice_task("gold: x\nwhere: {c: {is: trout}}\n"), quiz).items(); },
      "a.jsonl:1: where: the field 'c' is compared with a text or a number; expected a text, a "
      "number, true or false; found a list. Name what is in it: c[0] of a list");
  expect_refusal<FormatError>(
      [] { OneTask(choice_task("gold: \"{k}\"\nnumbers: {k: c}\n"), quiz).items(); },
      "no number for the field 'k'; expected one in the field 'c'; found a list");
  EXPECT_EQ(OneTask(choice_task("gold: x\nwhere: {'c[1]': {is: crow}}\n"), quiz).items().size(),
            1U);
}

TEST(TaskOddities, NanAndInfinitiesWhereTheyAreUsed) {
  const std::string lines = R"({"q":"a","t":NaN,"u":Infinity}
{"q":"b","t":0.5,"u":-Infinity}
{"q":"\ud83d","t":"nan","u":123456789012345678901234567890}
)";
  const auto kept = [&](const std::string& where) {
    return OneTask(choice_task("gold: x\n" + where), lines).items().size();
  };
  EXPECT_EQ(kept(""), 3U) << "in fields that are not used they do not matter";
  EXPECT_EQ(kept("where: {t: {below: 1}}\n"), 1U) << "NaN meets no condition";
  EXPECT_EQ(kept("where: {t: {is_not: x}}\n"), 2U);
  EXPECT_EQ(kept("where: {u: {above: 1}}\n"), 2U) << "an infinity is a number";
  EXPECT_EQ(OneTask(choice_task("gold: x\n"), lines).items()[2].prompt, "\ufffd");
  EXPECT_EQ(
      OneTask(choice_task("gold: \"{u}\"\nwhere: {q: {is: \"\ufffd\"}}\n"), lines).items()[0].gold,
      "123456789012345678901234567890");
  expect_refusal<FormatError>(
      [&] { OneTask(choice_task("gold: \"{t}\"\n"), lines).items(); },
      "t.yaml: gold: the field 't' of the record a.jsonl:1 is no text; expected a text, a number, "
      "true or false; found NaN");
  expect_refusal<FormatError>(
      [&] { OneTask(choice_task("label: u\nanswers: {0: a, 1: b}\n"), lines).items(); },
      "a.jsonl:1: no gold label: the field 'u' is Infinity");
}

TEST(TaskOddities, StopAndSeparatorAreReadStrictly) {
  const auto resolved = [](const std::string& keys) {
    return to_text(OneTask(choice_task("gold: x\n" + keys), "{}").task().resolved());
  };
  EXPECT_EQ(resolved("").find("stop"), std::string::npos) << "nothing new without the key";
  EXPECT_NE(resolved("stop: \"\\n\"\n").find(R"("stop":["\n"])"), std::string::npos);
  const OneTask stops(choice_task("gold: x\nstop: [\"\\n\", \"Question:\"]\n"), "{}");
  EXPECT_EQ(stops.task().config().stop, (std::vector<std::string>{"\n", "Question:"}));
  EXPECT_EQ(Task(stops.task().resolved(), "again").fingerprint(), stops.task().fingerprint());
  EXPECT_NE(OneTask(choice_task("gold: x\n"), "{}").task().fingerprint(),
            stops.task().fingerprint());
  const auto refuse = [](const std::string& keys, const std::string& message) {
    expect_refusal<FormatError>([&] { OneTask(choice_task("gold: x\n" + keys), "{}").task(); },
                                message);
  };
  const std::string wrong = "t.yaml: the key 'stop' has a wrong value";
  refuse("stop: []\n", wrong);
  refuse("stop: \"\"\n", wrong + "; expected a text or up to 32 of them, each of 1 to 256 bytes");
  refuse("stop: [a, \"\"]\n", wrong);
  refuse("stop: [1]\n", wrong + "; expected a text; found 1");
  refuse("stop: " + std::string(257, 'x') + "\n", wrong);
  refuse("separator: \";\"\n", "t.yaml: separator has nothing to separate");
  refuse("separator: \"ab\"\n",
         "the key 'separator' has a wrong value; expected one of , ; | : ^ ~");
  refuse("separator: \"\\\"\"\n", "the key 'separator' has a wrong value");
}

TEST(TaskBlocks, RoundTrip) {
  const OneTask data(own_texts + R"(where: {ok: {is: true, is_not: "x"}}
numbers: {n: a}
pairs:
  where: {p.t: {below: 0.25}}
  positive: {where: {c.t: {below: 0.2}}, text: "{n}"}
  negative: "b"
)",
                     scored);
  const Json resolved = data.task().resolved();
  EXPECT_EQ(Task(resolved, "again").fingerprint(), data.task().fingerprint());
  EXPECT_EQ(to_text(resolved["pairs"]),
            R"({"where":{"p.t":{"below":0.25}},"positive":{"where":{"c.t":{"below":0.2}},)"
            R"("text":"{n}"},"negative":"b"})");
  EXPECT_EQ(to_text(resolved["where"]), R"({"ok":{"is":"true","is_not":"x"}})");
}

void expect_bad_block(const std::string& yaml, const std::string& message) {
  expect_refusal<FormatError>([&] { OneTask(yaml, "{}").task(); }, "t.yaml" + message);
}

TEST(TaskBlocks, MistakesAreRefused) {
  expect_bad_block(own_texts + "where: {ok: {equals: 1}}\n",
                   ": where: ok: unknown comparison 'equals'. known: below, above, is, is_not");
  expect_bad_block(own_texts + "where: {ok: 1}\n", ": where: ok; expected an object");
  expect_bad_block(own_texts + "where: {ok: {above: x}}\n", ": where: ok: the key 'above'");
  expect_bad_block(own_texts + "where: {ok: {is: [1]}}\n", ": where: ok: the key 'is'");
  expect_bad_block(open_task + "wrong_answer: most_similiar\n",
                   ": unknown wrong answer 'most_similiar'. did you mean 'most_similar'?");
  expect_bad_block(own_texts + "wrong_answer: next\n", ": wrong_answer has nothing to be");
  expect_bad_block(own_texts + "pairs: {positive: a, negative: b}\nwrong_answer: next\n",
                   ": wrong_answer has nothing to be");
  expect_bad_block(own_texts + "blank: \"  \"\n",
                   ": blank: no wrong answer is drawn from the data");
  expect_bad_block(open_task + "wrong_answers_from: 10\n",
                   ": wrong_answers_from: no wrong answer is drawn from the data");
  expect_bad_block(
      open_task + "wrong_answer: next\nwrong_answers_from: 1\n",
      ": the key 'wrong_answers_from' has a wrong value; expected two records or more");
  expect_bad_block(open_task + "wrong_answer: most_similar\nblank: none\n",
                   ": the key 'blank' has a wrong value; expected one space or more");
  expect_bad_block(open_task + "answer_mark: \"\"\n",
                   ": the key 'answer_mark' has a wrong value; expected a text");
  expect_bad_block(own_texts + "pairs: {positive: a}\n", ": pairs: the key 'negative' is missing");
  expect_bad_block(own_texts + "pairs: {positive: a, negative: {txt: b}}\n",
                   ": pairs: negative: the key 'text' is missing");
  expect_bad_block("prompt: p\nmax_new_tokens: 1\nmetric: number_match\n",
                   ": nothing to compare with; expected label and answers, or an answer");
  expect_bad_block("prompt: p\nmax_new_tokens: {llama: 1}\nmetric: judge\n",
                   ": max_new_tokens: the key 'default' is missing");
  expect_bad_block("prompt: p\nmax_new_tokens: {default: 1, llama: 0}\nmetric: judge\n",
                   ": max_new_tokens is out of range");
}

}  // namespace
}  // namespace austeer
