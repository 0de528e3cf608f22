#include "documents/page.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "documents/examples.hpp"
#include "documents/xml.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::example_table;
using testing::expect_refusal;
using testing::hostile;
using testing::xml_text;

const std::string small_svg =
    "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script><text>50 %</text></svg>";

TEST(Page, HoldsItsBlocksInOrder) {
  Page page("A study");
  page.heading("Results").paragraph("First.").warning("Not whole.").table(example_table());
  page.heading("Figures", 3).figure(small_svg, "What it shows", "A chart of two lines");
  page.definitions({{"model", "Llama"}, {"seed", "7"}}).preformatted("\n  austeer sweep\n");
  const std::string html = page.html();
  std::size_t at = 0;
  for (const std::string part :
       {"<title>A study</title>", "<h1>A study</h1>", "<h2>Results</h2>", "<p>First.</p>",
        "<p class=\"warning\" role=\"note\">Not whole.</p>",
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\"", "<table>", "<h3>Figures</h3>",
        "<img alt=\"A chart of two lines\" src=\"data:image/svg+xml,%3Csvg%20",
        "<figcaption>What it shows</figcaption>", "<dt>model</dt><dd>Llama</dd>",
        "<dt>seed</dt><dd>7</dd>", "<pre tabindex=\"0\">\n\n  austeer sweep\n</pre>", "</html>"}) {
    const std::size_t found = html.find(part, at);
    ASSERT_NE(found, std::string::npos) << part;
    at = found;
  }
}

TEST(Page, IsWellFormedWhateverItSays) {
  Page page(hostile);
  page.heading(hostile).paragraph(hostile).warning(hostile).figure(small_svg, hostile, hostile);
  page.definitions({{hostile, hostile}}).preformatted(hostile);
  const std::string text = xml_text(page.html());
  EXPECT_NE(text.find("system('touch w') <b> & −α—"), std::string::npos) << text;
}

TEST(Page, LoadsNothingAndRunsNothing) {
  Page page("A study");
  page.figure(small_svg, "", "").table(example_table());
  const std::string html = page.html();
  for (const std::string part : {"<script", "http:", "https:", "<link", "@import", "<iframe"}) {
    EXPECT_EQ(html.find(part), std::string::npos) << part;
  }
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
}

TEST(Page, RefusesWhatItCannotHold) {
  Page page("A study");
  expect_refusal<UsageError>([&] { page.heading("x", 1); }, "level 2 or 3");
  expect_refusal<UsageError>([&] { page.figure("PNG", "", ""); }, "SVG");
  expect_refusal<UsageError>([&] { page.table(Table{}); }, "no columns");
}

}  // namespace
}  // namespace austeer
