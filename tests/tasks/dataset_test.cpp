// Dataset files of every format: what is read, and what is refused, with file and line.
#include "tasks/dataset.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "captured_log.hpp"
#include "tasks/reference.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

/// Writes `text` to a file called `name` and reads its records.
std::vector<Record> read(const std::string& name, std::string_view text,
                         std::optional<char> separator = {}) {
  TemporaryFolder folder;
  write_file(folder / name, text);
  return read_records(folder / name, separator);
}

void expect_bad(const std::string& name, std::string_view text, const std::string& message) {
  expect_refusal<FormatError>([&] { read(name, text); }, name + message);
}

void expect_fields(const std::vector<Record>& records, const Json& expected) {
  ASSERT_EQ(records.size(), expected.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].fields, expected[i]) << records[i].place;
  }
}

TEST(Dataset, JsonlAndCsvReadAsPythonReadsThem) {
  const Json reference = testing::task_reference("records.json");
  for (const std::string format : {"csv", "jsonl"}) {
    for (const Json& expected : reference.at(format)) {
      const std::string separator = expected.value("separator", "");
      expect_fields(read("a." + format, expected.at("text").get<std::string>(),
                         separator.empty() ? std::nullopt : std::optional(separator[0])),
                    expected.at("records"));
    }
  }
}

TEST(Dataset, JsonlKnowsItsLines) {
  const auto records = read("dev.jsonl", "\xEF\xBB\xBF{\"a\":1}\r\n\n  \n{\"a\":null,\"b\":\"\"}");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].place, "dev.jsonl:1");
  EXPECT_EQ(records[1].place, "dev.jsonl:4");
  EXPECT_EQ(*records[0].find("a"), 1);
  EXPECT_EQ(records[1].find("a"), nullptr) << "null is no text";
  EXPECT_EQ(*records[1].find("b"), "");
}

TEST(Dataset, BadJsonl) {
  expect_bad("a.jsonl", "{\"a\":1}\n{\"a\":\n", ":2: not valid JSON");
  expect_bad("a.jsonl", "{\"a\":1}{\"a\":2}\n", ":1: not valid JSON");
  expect_bad("a.jsonl", "{\"a\":1}\n[1]\n", ":2: not a record; expected an object; found array");
  expect_bad("a.jsonl", "{\"a\":1}\n\"text\"\n", ":2: not a record");
  expect_bad("a.jsonl", "{\"a\": \"\\ud80\"}", ":1: not valid JSON");
  expect_bad("a.jsonl", "{\"a\":1}\n" + std::string(100000, '['), ":2: nested deeper");
}

TEST(Dataset, JsonListsAndObjectsWithOneList) {
  const Json expected = parse_json(R"([{"a":1},{"b":"x"}])", "test");
  const auto records = read("a.json", R"([{"a":1},{"b":"x"}])");
  expect_fields(records, expected);
  EXPECT_EQ(records[1].place, "a.json: item 2");
  expect_fields(read("a.json", R"({"version":"1","data":[{"a":1},{"b":"x"}]})"), expected);
}

TEST(Dataset, BadJson) {
  expect_bad("a.json", "[{\"a\":1},\n{\"a\" 2}]", ": not valid JSON");
  expect_bad("a.json", "[{\"a\":1},\n{\"a\" 2}]",
             ": not valid JSON (line 2, byte 6: expected ':')");
  expect_bad("a.json", "[{\"a\":1}, 3]", ": item 2: not a record");
  expect_bad("a.json", R"({"train":[{"a":1}],"test":[{"a":1}]})", ": no list of records");
  expect_bad("a.json", R"({"a":1})", ": no list of records");
  expect_bad("a.json", "3", ": no list of records");
  expect_bad("a.json", "[]", ": the file holds no records");
}

TEST(Dataset, EmptyFilesAreRefused) {
  for (const std::string name : {"a.jsonl", "a.json", "a.csv", "a.xml"}) {
    expect_bad(name, "", ": the file holds no records");
    expect_bad(name, "\n \r\n", ": the file holds no records");
  }
}

TEST(Dataset, InvalidUtf8IsRefusedWithItsLine) {
  for (const std::string name : {"a.jsonl", "a.json", "a.csv", "a.xml"}) {
    expect_bad(name, "x\n\nstr\xE9 \n", ":3: not UTF-8; found the byte 0xE9");
  }
  expect_bad("a.jsonl", "\x80", ":1: not UTF-8");
  expect_bad("a.jsonl", "\xC0\x80", ":1: not UTF-8");          // overlong
  expect_bad("a.jsonl", "\xE0\x80\xAF", ":1: not UTF-8");      // overlong
  expect_bad("a.jsonl", "\xED\xA0\x80", ":1: not UTF-8");      // a surrogate
  expect_bad("a.jsonl", "\xF4\x90\x80\x80", ":1: not UTF-8");  // beyond U+10FFFF
  expect_bad("a.jsonl", "\xF0\x9F\x98", ":1: not UTF-8");      // cut off
  expect_bad("a.jsonl", "\xFF\xFE{\x00", ":1: not UTF-8");     // UTF-16
  EXPECT_EQ(*read("a.jsonl", "{\"a\":\"\u00e9\u2028\uffff\U0010ffff\"}")[0].find("a"),
            "\u00e9\u2028\uffff\U0010ffff");
}

TEST(Dataset, UnknownFormatsAndMissingFiles) {
  expect_bad("a.parquet", "PAR1",
             ": not a dataset format that is known; expected a name that ends "
             "with .jsonl");
  expect_refusal<FileError>([] { read_records("/nonexistent/a.csv"); }, "/nonexistent/a.csv");
}

TEST(Csv, PlacesAndBlankLines) {
  const auto records = read("a.csv", "\xEF\xBB\xBFq,a\n\n\"two\nlines\",1\n3,4\n");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].fields, (Json{{"q", "two\nlines"}, {"a", "1"}}));
  EXPECT_EQ(records[0].place, "a.csv:3");
  EXPECT_EQ(records[1].place, "a.csv:5");
  EXPECT_EQ(read("a.csv", "q\n\nx\n").size(), 2U) << "in one column a blank line is an empty field";
}

TEST(Csv, TheSeparatorOfTheHeader) {
  const auto fields = [](std::string_view text, std::optional<char> separator = {}) {
    return to_text(read("a.csv", text, separator).at(0).fields);
  };
  EXPECT_EQ(fields("a;b\n1,5;2\n"), R"({"a":"1,5","b":"2"})");
  EXPECT_EQ(fields("\xEF\xBB\xBF"
                   "a\tb\r\n1;2\t\"3\t4\"\r\n"),
            R"({"a":"1;2","b":"3\t4"})");
  EXPECT_EQ(fields("\"a;b;c\",d\n1,2\n"), R"({"a;b;c":"1","d":"2"})") << "not inside quotes";
  EXPECT_EQ(fields("a\nx;y\n"), R"({"a":"x;y"})") << "the header decides";
  EXPECT_EQ(fields("a|b\n1|2\n", '|'), R"({"a":"1","b":"2"})");
  EXPECT_EQ(fields("a;b\n1;2\n", ','), R"({"a;b":"1;2"})");
  EXPECT_EQ(to_text(read("a.tsv", "a,b\tc\n1\t2\n").at(0).fields), R"({"a,b":"1","c":"2"})");
  EXPECT_EQ(to_text(read("a.tsv", "a,b\n1,2\n", ',').at(0).fields), R"({"a":"1","b":"2"})");
  const testing::CapturedLog log;
  EXPECT_EQ(fields("a;b,c;d\n1;2;3\n"), R"({"a":"1","b,c":"2","d":"3"})");
  EXPECT_NE(log.text().find("separated by semicolons"), std::string::npos) << log.text();
}

TEST(Csv, StrayQuotes) {
  const auto records = read("a.csv", "size,n\n5\" pipe,1\n a \"b\" c,2\n");
  EXPECT_EQ(to_text(records.at(0).fields), R"({"size":"5\" pipe","n":"1"})");
  EXPECT_EQ(to_text(records.at(1).fields), R"({"size":" a \"b\" c","n":"2"})");
  const testing::CapturedLog log;
  const auto loose = read("a.csv", "a,b\n1,2\n\"x\"y \"z\",2\n\"q\"r,3\n");
  EXPECT_EQ(to_text(loose.at(1).fields), R"({"a":"xy \"z\"","b":"2"})") << "as Python reads it";
  EXPECT_NE(log.text().find("a.csv:3: text behind a closing quote"), std::string::npos)
      << log.text();
}

TEST(Csv, BadFiles) {
  expect_bad("a.csv", "a,b,a\n1,2,3\n", ":1: the column 'a' stands twice");
  expect_bad("a.csv", "a,b\n1,2\n1,2,3\n", ":3: the row has 3 fields; expected 2");
  expect_bad("a.csv", "a,b\n\"x\ny\",2\n1\n", ":4: the row has 1 fields; expected 2");
  expect_bad("a.csv", "a,b\n1,2\n3,\"open\n\n", ":3: a quote opens here and never closes");
  expect_bad("a.csv", "a,b\r1,2\r", ":1: a carriage return that no line feed follows");
  expect_bad("a.csv", "\na,b\n1,2\n", ":1: the header line is missing");
  expect_bad("a.csv", "a,b\n", ": the file holds no records");
}

}  // namespace
}  // namespace austeer
