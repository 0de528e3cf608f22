// Chat templates against transformers: every rendering of tests/reference/chat_templates.py byte
// for byte, and its refusals by line; and which template a folder brings.
#include "text/chat_template.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

// The time of the reference's strftime_now(), set before the first rendering of the process.
const bool has_time = ::setenv("SOURCE_DATE_EPOCH", "1772719629", 1) == 0;

const std::vector<ChatMessage> question = {{"user", "Why?"}};

std::vector<ChatMessage> messages_of(const Json& json) {
  std::vector<ChatMessage> messages;
  for (const Json& one : json) {
    messages.push_back({one.at("role").get<std::string>(), one.at("content").get<std::string>()});
  }
  return messages;
}

/// What is rendered, or the refusal after "REFUSED ".
std::string rendered(const Json& line) {
  const ChatTemplate chat(line.at("source").get<std::string>(), "t.jinja",
                          line.at("tokens").get<std::map<std::string, std::string>>());
  const ChatRendering how{line.at("prompt").get<bool>(), line.at("variables")};
  try {
    return chat.render(messages_of(line.at("messages")), how);
  } catch (const FormatError& error) {
    return std::string("REFUSED ") + error.what();
  }
}

TEST(ChatTemplates, RenderWhatTransformersRenders) {
  ASSERT_TRUE(has_time);
  const std::filesystem::path file =
      std::filesystem::path(AUSTEER_REFERENCE_DIR) / "chat_templates.jsonl";
  ASSERT_TRUE(std::filesystem::exists(file)) << "run tests/prepare_reference.sh";
  const std::string text = read_file(file);
  std::size_t renderings = 0;
  std::size_t refusals = 0;
  for (std::size_t start = 0, end = 0; start < text.size(); start = end + 1) {
    end = text.find('\n', start);
    const Json line = parse_json(std::string_view(text).substr(start, end - start), file.string());
    const std::string found = rendered(line);
    const std::string name = line.at("name").get<std::string>();
    const bool renders = line.at("text").is_string();
    ++(renders ? renderings : refusals);
    if (renders) {
      EXPECT_EQ(found, line.at("text").get<std::string>()) << name;
    } else {
      EXPECT_TRUE(found.starts_with("REFUSED ")) << name << ": " << found;
    }
    if (!line.contains("refusal")) continue;
    EXPECT_NE(found.find(line.at("refusal").get<std::string>()), std::string::npos)
        << name << ": " << found;
    EXPECT_NE(found.find(fmt::format("t.jinja, line {}: ", line.at("line").get<int>())),
              std::string::npos)
        << name << ": " << found;
  }
  EXPECT_GT(renderings, 80U);
  EXPECT_GT(refusals, 50U);
}

TEST(ChatTemplates, BadBytesAreRepaired) {
  const ChatTemplate chat("\xFF{{ messages[0].content|length }}{{ messages[0].content }}", "t");
  EXPECT_EQ(chat.render(std::vector<ChatMessage>{{"user", "a\xC3"}}), "\uFFFD2a\uFFFD");
}

TEST(ChatTemplates, WhatIsWrongIsRefusedWhereItIsRendered) {
  const ChatTemplate chat("a\n{% frob %}", "m/chat_template.jinja");
  expect_refusal<FormatError>([&] { chat.render(question); },
                              "m/chat_template.jinja, line 2: the tag 'frob' is not supported");
  const ChatTemplate large(std::string((1 << 20) + 1, 'x'), "t");
  expect_refusal<FormatError>([&] { large.render(question); }, "more than 1 MiB");
}

TEST(ChatTemplates, WhatWouldTakeTooMuchMemoryOrTimeIsRefusedFirst) {
  std::string parameters = "a";
  for (int i = 0; i < 20'000; ++i) parameters += fmt::format(",p{}", i);
  const std::vector<std::string> sources = {
      "{% macro m(" + parameters +
          ") %}{% endmacro %}{% for i in range(100000) %}{{ m() }}"
          "{% endfor %}",
      "{% for c in 'a' * 67000000 %}{% endfor %}",
      "{{ ('\\n' * 60000000).splitlines()|length }}",
      "{{ ('a' * 30000000).split('a')|length }}",
      "{{ ('a' * 60000000).split()|length }}{{ ('a ' * 30000000).split()|length }}",
      "{% set t = 'a' * 10000000 %}{{ t.startswith((t[:-1] + 'b',) * 500000) }}"};
  for (const std::string& source : sources) {
    const ChatTemplate chat(source, "t");
    expect_refusal<FormatError>([&] { chat.render(question); }, "too ");
  }
}

TEST(ChatTemplates, TheSmallestIntegerHasNoOpposite) {
  const std::string least = "(-9223372036854775807 - 1)";
  for (const std::string& source : {"{{ -" + least + " }}", "{{ " + least + "|abs }}"}) {
    const ChatTemplate chat(source, "t");
    expect_refusal<FormatError>([&] { chat.render(question); }, "64 bits");
  }
  const ChatTemplate chat(
      "{{ 'ab'.replace('', '-', " + least + ") }}{{ 'a b'.split(none, " + least + ")|join('+') }}",
      "t");
  EXPECT_EQ(chat.render(question), "-a-b-a+b");
}

TEST(ChatTemplates, FingerprintsTellSourceAndTokensApart) {
  std::set<std::string> prints;
  prints.insert(ChatTemplate("a", "x").fingerprint());
  prints.insert(ChatTemplate("a", "y").fingerprint());
  EXPECT_EQ(prints.size(), 1U);
  prints.insert(ChatTemplate("b", "x").fingerprint());
  prints.insert(ChatTemplate("a", "x", {{"bos_token", "<s>"}}).fingerprint());
  prints.insert(ChatTemplate("a", "x", {{"bos_token", "<b>"}}).fingerprint());
  EXPECT_EQ(prints.size(), 4U);
}

/// The folder's template, rendered for a question.
std::string rendered_of(const TemporaryFolder& folder) {
  const auto chat = read_chat_template(folder.path());
  return chat ? chat->render(question) : "none";
}

TEST(ChatTemplateFiles, ATextOrNamedOnesInTheTokenizersConfig) {
  const TemporaryFolder folder;
  EXPECT_EQ(rendered_of(folder), "none");
  write_file(folder / "tokenizer_config.json", R"({"bos_token": "<s>", "chat_template": null})");
  EXPECT_EQ(rendered_of(folder), "none");
  write_file(folder / "tokenizer_config.json",
             R"({"bos_token": {"content": "<s>"}, "chat_template": "{{ bos_token }}1"})");
  EXPECT_EQ(rendered_of(folder), "<s>1");
  write_file(folder / "tokenizer_config.json", R"({"chat_template":
      [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]})");
  EXPECT_EQ(rendered_of(folder), "d");
}

TEST(ChatTemplateFiles, SeveralWithoutADefaultAreNamed) {
  const TemporaryFolder folder;
  write_file(folder / "tokenizer_config.json", R"({"chat_template":
      [{"name": "tool_use", "template": "t"}, {"name": "rag", "template": "d"}]})");
  expect_refusal<FormatError>([&] { rendered_of(folder); },
                              "no template named 'default'; found rag, tool_use");
  write_file(folder / "tokenizer_config.json", R"({"chat_template": 1})");
  expect_refusal<FormatError>([&] { rendered_of(folder); }, "chat_template");
}

TEST(ChatTemplateFiles, AFileOfItsOwnWins) {
  const TemporaryFolder folder;
  write_file(folder / "tokenizer_config.json",
             R"({"chat_template": "config", "eos_token": "</s>"})");
  write_file(folder / "special_tokens_map.json",
             R"({"eos_token": "<other>", "unk_token": {"content": "<unk>"}})");
  write_file(folder / "chat_template.jinja", "{{ eos_token }}{{ unk_token }}{{ pad_token }}");
  EXPECT_EQ(rendered_of(folder), "</s><unk>");
  std::filesystem::create_directory(folder / "additional_chat_templates");
  write_file(folder / "additional_chat_templates/rag.jinja", "rag");
  EXPECT_EQ(rendered_of(folder), "</s><unk>");
  std::filesystem::remove(folder / "chat_template.jinja");
  expect_refusal<FormatError>([&] { rendered_of(folder); }, "found rag");
}

TEST(ChatTemplateFiles, AProcessorsIsTheLastResort) {
  const TemporaryFolder folder;
  write_file(folder / "chat_template.json", R"({"chat_template": "processor"})");
  EXPECT_EQ(rendered_of(folder), "processor");
}

}  // namespace
}  // namespace austeer
