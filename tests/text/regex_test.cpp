#include "text/regex.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

std::vector<std::string> matches(std::string_view pattern, std::string_view text) {
  std::vector<std::string> result;
  for (const ByteRange& range : Regex(pattern, "test").find_all(text)) {
    result.emplace_back(text.substr(range.begin, range.end - range.begin));
  }
  return result;
}

using Texts = std::vector<std::string>;

TEST(Regex, ClassesFollowOniguruma) {
  EXPECT_EQ(matches(R"(\s+)", "a\u0085\u3000b\u180Ec"), (Texts{"\u0085\u3000"}));
  EXPECT_EQ(matches(R"([^\s]+)", "a\u180Eb c"), (Texts{"a\u180Eb", "c"}));
  EXPECT_EQ(matches(R"(\S)", "a "), (Texts{"a"}));
  EXPECT_EQ(matches(R"(\w+)", "e\u0301\u24B6\u00BD-x_1"), (Texts{"e\u0301\u24B6\u00BD", "x_1"}));
  EXPECT_EQ(matches(R"(\W)", "a-b"), (Texts{"-"}));
  EXPECT_EQ(matches(R"(\b\w)", "e\u0301a b"), (Texts{"e", "b"}));
  EXPECT_EQ(matches(R"(\d)", "1\u0663\u00BD"), (Texts{"1", "\u0663"}));
  EXPECT_EQ(matches(R"([\]\[a])", "]b[a"), (Texts{"]", "[", "a"}));
}

TEST(Regex, EmptyMatchesAdvanceAndDoNotFollowAMatch) {
  EXPECT_EQ(matches("x*", "axb"), (Texts{"", "x", ""}));
  EXPECT_EQ(matches("(?=\u00E9)", "a\u00E9\u00E9"), (Texts{"", ""}));
  EXPECT_EQ(matches("a", ""), Texts{});
}

TEST(Regex, EscapedTextMatchesItself) {
  const std::string text = "a.*[(\\ \u00E9\n#-]";
  EXPECT_EQ(matches(Regex::escape(text), "x" + text + "y"), Texts{text});
}

TEST(Regex, LinesOfAnyLengthAreMatched) {
  const std::string word(300000, 'a');
  EXPECT_EQ(matches(R"(\p{L}+| +(?!\S)|\s+)", word), Texts{word});
  const std::string spaces(300000, ' ');
  EXPECT_EQ(matches(R"(\s*[\r\n]+|\s+(?!\S)|\s+)", spaces + "a"), (Texts{spaces.substr(1), " "}));
}

TEST(Regex, WhatDoesNotCompileIsRefused) {
  const auto compile = [](std::string pattern) {
    return [pattern] { Regex(pattern, "file: pre_tokenizer"); };
  };
  expect_refusal<FormatError>(compile("(a"),
                              "file: pre_tokenizer: the regular expression does not");
  expect_refusal<FormatError>(compile("a\\"), "end pattern at escape; found 'a\\'");
  expect_refusal<FormatError>(compile(R"(\C)"), "does not compile");
  expect_refusal<FormatError>(compile(R"(\p{Foo})"), "property name {Foo}");
  expect_refusal<FormatError>(compile("(?s)a"), "undefined group option");
  expect_refusal<FormatError>(compile(std::string(9000, 'a')), "9000 bytes");
  expect_refusal<FormatError>(compile(std::string(200, '(') + std::string(200, ')')),
                              "parse depth limit over");
}

TEST(Regex, PatternsAreInRubysDialect) {
  EXPECT_EQ(matches(R"(\h+)", "xa9g"), (Texts{"a9"}));
  EXPECT_EQ(matches("[a-c&&b-d]", "abcd"), (Texts{"b", "c"}));
  EXPECT_EQ(matches("[a[b]]+", "xab"), (Texts{"ab"}));
  EXPECT_EQ(matches(R"([\S]+)", "ab c"), (Texts{"ab", "c"}));
  EXPECT_EQ(matches("a{2}+", "aaaaa"), (Texts{"aaaa"}));  // repeats what {2} repeats
  EXPECT_EQ(matches("a{2}?", "aaa"), (Texts{"aa", ""}));  // makes it optional
  EXPECT_EQ(matches("a{,2}", "aaa"), (Texts{"aa", "a"}));
  EXPECT_EQ(matches("a.", "a\n"), Texts{});
  EXPECT_EQ(matches("(?m:a.)", "a\n"), (Texts{"a\n"}));
  EXPECT_EQ(matches("^b$", "a\nb\nc"), (Texts{"b"}));
  EXPECT_EQ(matches("a(?i)b|c", "aBaCc"), (Texts{"aB", "aC"}));  // the flag holds for both b and c
  EXPECT_EQ(matches(R"(\p{L}+|\x{31}+)", "ab11"), (Texts{"ab", "11"}));
  EXPECT_EQ(matches(R"(a{1,2}?|\}+|[{}]+)", "aa}}{"), (Texts{"a", "a", "}}", "{"}));
  EXPECT_EQ(matches("(?i:'S|a)(?=b)(?<!x)|(?<n>c)", "'sbc"), (Texts{"'s", "c"}));
  EXPECT_EQ(matches("(?i)a", "aA"), (Texts{"a", "A"}));
  EXPECT_EQ(matches(R"(a\Kb)", "ab"), (Texts{"b"}));
}

TEST(Regex, HostilePatternsGiveUp) {
  const std::string text(1000, 'a');
  for (const char* pattern :
       {"(a+)+$", "(a|a)*$", "(?:(?=(?:(?=(?:(?=a*)a)*)a)*)a)*[^a]",
        "(?:(?=(?:(?=(?:(?=a*+)a)*+)a)*+)a)*[^a]", "(?:(?!(?:(?!(?:(?!a*b)a)*b)a)*b)a)*[^a]"}) {
    expect_refusal<FormatError>([&] { matches(pattern, text + "!"); }, "gave up");
  }
  expect_refusal<FormatError>([] { matches(R"(a|(?<=\Ka)b)", "ab"); }, "moves the start");
}

}  // namespace
}  // namespace austeer
