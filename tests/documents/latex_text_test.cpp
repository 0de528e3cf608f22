#include <gtest/gtest.h>

#include "documents/markup_text.hpp"

namespace austeer {
namespace {

TEST(LatexText, EverySpecialCharacterIsEscaped) {
  EXPECT_EQ(latex_text("a_b & 5% $x$ #1 {y} ~ ^ \\z"),
            "a\\_b \\& 5\\% \\$x\\$ \\#1 \\{y\\} \\textasciitilde{} \\textasciicircum{} "
            "\\textbackslash{}z");
  EXPECT_EQ(latex_text("<a|b>"), "\\textless{}a\\textbar{}b\\textgreater{}");
  EXPECT_EQ(latex_text("[x]*"), "{[}x{]}{*}") << "no argument of the line end before it";
  EXPECT_EQ(latex_text("a\nb\tc"), "a b c");
}

TEST(LatexText, HyphensAndQuotesStayTheirNumber) {
  EXPECT_EQ(latex_text("--alpha"), "-{}-alpha");
  EXPECT_EQ(latex_text("---"), "-{}-{}-");
  EXPECT_EQ(latex_text("it''s"), "it'{}'s");
  EXPECT_EQ(latex_text("!`?`"), "!{}`?{}`");
  EXPECT_EQ(latex_text("—-"), "---{}-");
}

TEST(LatexText, CharactersBeyondAsciiBecomeCommands) {
  EXPECT_EQ(latex_text("−3 ± 1 × α — β…"),
            "$-$3 $\\pm$ 1 $\\times$ $\\alpha$ --- $\\beta$\\dots{}");
  EXPECT_EQ(latex_text("10⁻³"), "10$^{-}$$^{3}$");
  EXPECT_EQ(latex_text("Übergröße café Łódź"), "Übergröße café Łód{[}U+017A{]}");
  EXPECT_EQ(latex_text("中😀"), "{[}U+4E2D{]}{[}U+1F600{]}");
  EXPECT_EQ(latex_text("a\xFF"), "a{[}U+FFFD{]}");
}

}  // namespace
}  // namespace austeer
