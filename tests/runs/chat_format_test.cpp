// Messages in a model's chat format: which format counts, what is refused, and what becomes of the
// items and pairs of a task that asks in chat.

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "runs/prompts.hpp"
#include "runs/tokenised_pairs.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

constexpr const char* turns =
    "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}";

Model model_with(const std::string& source) {
  Model model;
  model.name = "mine";
  model.chat_template.emplace(source, "mine/chat_template.jinja",
                              std::map<std::string, std::string>{{"bos_token", "^"}});
  return model;
}

/// A byte is a token; by default a token 1 stands first.
class Bytes : public Tokenizer {
 public:
  Bytes() { set_default_tokens({1}, {}); }
  std::string decode(std::span<const TokenId> ids) const override {
    return std::string(ids.begin(), ids.end());
  }
  std::int64_t size() const override { return 256; }
  std::optional<TokenId> find(std::string_view /*piece*/) const override { return std::nullopt; }
  std::string fingerprint() const override { return ""; }

 private:
  std::vector<TokenId> encode_text(std::string_view text) const override {
    return {text.begin(), text.end()};
  }
};

/// A task with the YAML lines `more`, on two records.
class ChatTask {
 public:
  explicit ChatTask(const std::string& more) {
    make_folder(folder_ / "D");
    write_file(folder_ / "D/a.jsonl", R"({"q":"One?","label":0,"who":"a"}
{"q":"Two?","label":1,"who":""}
)");
    write_file(folder_ / "t.yaml",
               "name: t\ndataset: D\nsplits: {all: a.jsonl}\nprompt: \"{q}\"\n"
               "max_new_tokens: 2\n" +
                   more);
  }
  Task task() const { return load_task(path(), "configs"); }
  std::string path() const { return (folder_ / "t.yaml").string(); }
  std::vector<Item> items() const { return task().items("all", folder_.path()); }
  std::vector<Pair> pairs() const { return task().pairs("all", folder_.path()); }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

const std::string choices =
    "label: label\nanswers: {0: \" yes\", 1: \" no\"}\nmetric: exact_match\n";

TEST(ChatPrompt, OfTheModelsTemplate) {
  const ChatPrompt prompt = chat_prompt(model_with(turns), "Why?");
  EXPECT_EQ(prompt.text, "^<user>Why?\n<assistant>");
  EXPECT_FALSE(prompt.special_tokens);
  EXPECT_EQ(chat_prompt(model_with(turns), "Why?", "Be brief.").text,
            "^<system>Be brief.\n<user>Why?\n<assistant>");
}

TEST(ChatPrompt, TheModelsTemplateWinsOverTheFormatInConfigs) {
  Model model = model_with(turns);
  model.chat = "[{prompt}]";
  EXPECT_EQ(chat_prompt(model, "Why?").text, "^<user>Why?\n<assistant>");
  model.chat_template.reset();
  const ChatPrompt prompt = chat_prompt(model, "Why {x}?");
  EXPECT_EQ(prompt.text, "[Why {x}?]");
  EXPECT_TRUE(prompt.special_tokens);
}

TEST(ChatPrompt, VariablesOfConfigsReachTheTemplate) {
  Model model =
      model_with("{% if think is defined and think is false %}<think></think>{% endif %}");
  EXPECT_EQ(chat_prompt(model, "Why?").text, "");
  const std::string without = chat_fingerprint(model);
  model.chat_variables = {{"think", false}};
  EXPECT_EQ(chat_prompt(model, "Why?").text, "<think></think>");
  EXPECT_NE(chat_fingerprint(model), without);
}

TEST(ChatPrompt, WhatCannotBeIsRefused) {
  Model model = model_with(
      "{% if messages[0].role == 'system' %}\n"
      "{{ raise_exception('No system role') }}{% endif %}x");
  EXPECT_EQ(chat_prompt(model, "Why?").text, "x");
  expect_refusal<FormatError>(
      [&] { chat_prompt(model, "Why?", "s"); },
      "mine/chat_template.jinja, line 2: the template refuses: No system role");
  const Model silent = model_with("{{ messages[-1].content }}");
  expect_refusal<UsageError>([&] { chat_prompt(silent, "Why?", "s"); },
                             "mine/chat_template.jinja has no place for a system message");
  // The template's own default, given as the message, is in its place.
  const Model standard = model_with(
      "{{ messages[0].content if messages[0].role == 'system' else 'Be kind.' }}|"
      "{{ messages[-1].content }}");
  EXPECT_EQ(chat_prompt(standard, "Why?", "Be kind.").text, "Be kind.|Why?");
  // An unusable template is not replaced by the format in configs.
  Model broken = model_with("a\nb {% frob %}");
  broken.chat = "[{prompt}]";
  expect_refusal<FormatError>([&] { chat_prompt(broken, "Why?"); },
                              "line 2: the tag 'frob' is not supported");
  model.chat_template.reset();
  expect_refusal<UsageError>([&] { chat_prompt(model, "Why?"); },
                             "no chat format is known for the model 'mine'");
  model.chat = "[{prompt}]";
  expect_refusal<UsageError>([&] { chat_prompt(model, "Why?", "s"); }, "no place for a system");
}

TEST(ChatItems, KeepTheirMessage) {
  const ChatTask data(choices + "chat: true\nsystem: \"{who}\"\n");
  std::vector<Item> items = data.items();
  apply_chat(data.task(), model_with(turns), items);
  EXPECT_EQ(items[0].prompt, "^<system>a\n<user>One?\n<assistant>");
  EXPECT_EQ(items[1].prompt, "^<user>Two?\n<assistant>");
  EXPECT_EQ(items[1].message, "Two?");
  EXPECT_EQ(items[1].gold, " no");
  EXPECT_FALSE(items[1].special_tokens);
}

TEST(ChatItems, AreAsTheyWereWithoutTheKey) {
  const ChatTask data(choices);
  std::vector<Item> items = data.items();
  apply_chat(data.task(), model_with("{% frob %}"), items);
  EXPECT_EQ(items[0].prompt, "One?");
  EXPECT_TRUE(items[0].special_tokens);
  EXPECT_EQ(items[0].message, "");
}

TEST(ChatItems, RefusalsNameTheRecord) {
  const ChatTask data(choices + "chat: true\n");
  std::vector<Item> items = data.items();
  expect_refusal<FormatError>(
      [&] { apply_chat(data.task(), model_with("{{ raise_exception('no') }}"), items); },
      "a.jsonl:1: ");
  Model none;
  expect_refusal<UsageError>([&] { apply_chat(data.task(), none, items); }, "no chat format");
}

TEST(ChatPairs, AnswersFollowTheChat) {
  const ChatTask data(choices + "chat: true\nsystem: \"{who}\"\n");
  std::vector<Pair> pairs = data.pairs();
  const std::string before = pairs_fingerprint(pairs);
  apply_chat(data.task(), model_with(turns), pairs);
  EXPECT_EQ(pairs[0].positive, "^<system>a\n<user>One?\n<assistant> yes");
  EXPECT_EQ(pairs[0].negative, "^<system>a\n<user>One?\n<assistant> no");
  EXPECT_EQ(pairs[0].positive.substr(pairs[0].positive_answer), " yes");
  EXPECT_EQ(pairs[1].negative.substr(pairs[1].negative_answer), " yes");
  EXPECT_NE(pairs_fingerprint(pairs), before);
  const TokenisedPairs tokens = tokenise_pairs(pairs, Bytes(), 512);
  EXPECT_EQ(tokens.texts[0].front(), '^');
  EXPECT_EQ(tokens.texts[0].size() - tokens.first[0], 4U);
}

TEST(ChatPairs, WithPromptsOfTheirOwn) {
  const ChatTask data(
      "chat: true\nmetric: judge\npairs:\n  positive: {prompt: \"{q}\", text: \"+\"}\n"
      "  negative: {prompt: \"{who}!\", text: \"-\"}\n");
  std::vector<Pair> pairs = data.pairs();
  apply_chat(data.task(), model_with(turns), pairs);
  EXPECT_EQ(pairs[0].positive, "^<user>One?\n<assistant>+");
  EXPECT_EQ(pairs[0].negative, "^<user>a!\n<assistant>-");
  std::vector<Pair> whole = {{"a.jsonl:3", "x", "y", "", 0, 0}};
  expect_refusal<FormatError>([&] { apply_chat(data.task(), model_with(turns), whole); },
                              "a.jsonl:3: chat: true needs a prompt in each text of a pair");
}

TEST(ChatPrompts, ThatAProbeWouldTokeniseOtherwiseAreRefused) {
  const ChatTask data(choices + "chat: true\n");
  RunOptions run;
  run.datasets = data.folder().string();
  const ChosenPrompts chosen = choose_prompts({.task = data.path(), .split = "all"}, run);
  Model model = model_with(turns);
  model.tokenizer = std::make_unique<Bytes>();
  expect_refusal<UsageError>([&] { chosen.texts(model); }, "adds special tokens");
  model.chat_template.reset();
  model.chat = "[{prompt}]";
  EXPECT_EQ(chosen.texts(model), (std::vector<std::string>{"[One?]", "[Two?]"}));
}

}  // namespace
}  // namespace austeer
