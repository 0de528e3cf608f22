// COPA's XML: the fields of its JSONL form, and hostile documents.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "tasks/record_files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

constexpr const char* item = R"(<item id="7" asks-for="effect" most-plausible-alternative="2">
<p>Rain &amp; hail fell.</p>
<a1> The street was dry.
</a1><a2>The caf&#xe9; closed<!-- a comment -->.</a2>
</item>)";

std::string document(const std::string& items, const std::string& doctype = "") {
  return R"(<?xml version="1.0" encoding="UTF-8"?>)" + doctype +
         "\n<copa-corpus version=\"1.0\">\n" + items + "\n</copa-corpus>\n";
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  return text.replace(text.find(part), part.size(), by);
}

void expect_bad_xml(const std::string& text, const std::string& message) {
  TemporaryFolder folder;
  write_file(folder / "copa.xml", text);
  expect_refusal<FormatError>([&] { read_records(folder / "copa.xml"); }, "copa.xml" + message);
}

TEST(CopaXml, HasTheFieldsOfTheJsonl) {
  const std::string text = document(item, "<!DOCTYPE copa-corpus SYSTEM \"copa.dtd\">");
  const auto records = read_copa_xml(text, "data/copa.xml");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].place, "copa.xml:3");
  EXPECT_EQ(records[0].fields, (Json{{"idx", "7"},
                                     {"question", "effect"},
                                     {"label", "1"},
                                     {"premise", "Rain & hail fell."},
                                     {"choice1", "The street was dry."},
                                     {"choice2", "The café closed."}}));
}

TEST(CopaXml, HiddenLabelsAreLeftOut) {
  const std::string hidden = replaced(item, " most-plausible-alternative=\"2\"", "");
  EXPECT_EQ(read_copa_xml(document(hidden), "copa.xml")[0].find("label"), nullptr);
}

TEST(CopaXml, LargeDocumentsAreReadInPieces) {
  std::string items;
  while (items.size() < (std::size_t{3} << 20)) items += item;
  const auto records = read_copa_xml(document(items), "copa.xml");
  EXPECT_EQ(records.size(), items.size() / std::string(item).size());
  for (const Record& record : records) {
    ASSERT_EQ(*record.find("choice2"), "The café closed.");
  }
}

TEST(CopaXml, EntitiesAreRefused) {
  const std::string bomb = R"(<!DOCTYPE copa-corpus [<!ENTITY a "ha">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>)";
  expect_bad_xml(document(replaced(item, "hail", "&b;"), bomb),
                 ":1: the document declares the entity 'a'");
  expect_bad_xml(document(item, "<!DOCTYPE c [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"),
                 ":1: the document declares the entity 'x'");
  expect_bad_xml(document(item, "<!DOCTYPE c [<!ENTITY % p SYSTEM \"http://localhost/\"> %p;]>"),
                 ":1: the document declares the entity 'p'");
  expect_bad_xml(document(replaced(item, "hail", "&h;"), "<!DOCTYPE c SYSTEM \"copa.dtd\">"),
                 ":4: the entity 'h' is not known");
  expect_bad_xml(document(replaced(item, "hail", "&h;")), ":4: broken XML (undefined entity)");
}

TEST(CopaXml, EveryCutIsNoticed) {
  const std::string whole = document(item);
  for (std::size_t size = 1; size + 1 < whole.size(); ++size) {
    EXPECT_THROW(read_copa_xml(whole.substr(0, size), "copa.xml"), FormatError) << size;
  }
}

TEST(CopaXml, BrokenDocuments) {
  const std::string whole = document(item);
  expect_bad_xml(whole.substr(0, whole.size() - 20), ":7: broken XML (unclosed token)");
  expect_bad_xml(replaced(whole, "</p>", ""), ":5: the element <a1> stands inside a text");
  expect_bad_xml(replaced(whole, "</item>", "</items>"), ":7: broken XML (mismatched tag)");
  expect_bad_xml(replaced(whole, "</p>", "<b>x</b></p>"),
                 ":4: the element <b> stands inside a text");
  expect_bad_xml(replaced(whole, "<p>", "<p>x</p><p>"), ":4: <p> stands twice in its item");
  expect_bad_xml(replaced(whole, "<p>Rain &amp; hail fell.</p>", ""),
                 ":7: the item that ends here lacks <p>");
  expect_bad_xml(replaced(whole, " id=\"7\"", ""),
                 ":7: the item that ends here lacks the attribute id");
  expect_bad_xml(replaced(whole, "\"effect\"", "\"reason\""), ":3: asks-for is 'reason'");
  expect_bad_xml(replaced(whole, "\"2\"", "\"3\""), ":3: most-plausible-alternative is '3'");
  expect_bad_xml(replaced(whole, "<p>", "stray<p>"), ":4: text outside <p>, <a1> and <a2>");
  expect_bad_xml(document("<question/>"), ":3: unknown element <question>; expected <item>");
  expect_bad_xml(document("<item><q/></item>"),
                 ":3: unknown element <q>; expected <p>, <a1> or <a2>");
  expect_bad_xml(document(""), ": the file holds no records");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<item>";
  expect_bad_xml(document(deep), ":3: unknown element <item>; expected <p>");
}

}  // namespace
}  // namespace austeer
