#include <gtest/gtest.h>
#include <vector>

#include "base/names.hpp"

namespace austeer {
namespace {

TEST(Suggest, TheNearestNameIfItIsNear) {
  const std::vector<std::string> known = {"boolq", "copa"};
  EXPECT_EQ(nearest_name("bolq", known), "boolq");
  EXPECT_EQ(nearest_name("zzzz", known), "");
  EXPECT_EQ(suggestion("copaa", known), "did you mean 'copa'? known: boolq, copa");
}

TEST(Suggest, LongNamesAreNeitherComparedNorListed) {
  const std::string longest(200, 'a');
  const std::string too_long(201, 'a');
  EXPECT_EQ(nearest_name(longest, std::vector{longest, too_long}), longest);
  EXPECT_EQ(nearest_name(too_long, std::vector{longest, too_long}), "");
  EXPECT_EQ(nearest_name(longest, std::vector{too_long}), "");
  EXPECT_EQ(suggestion("b", std::vector<std::string>{"ccc", too_long}), "known: ccc and 1 more");
}

TEST(Suggest, ListsTwentyNames) {
  std::vector<std::string> known(20, "a");
  EXPECT_EQ(suggestion("zzz", known).find("more"), std::string::npos);
  known.resize(1000, "b");
  const std::string text = suggestion("zzz", known);
  EXPECT_EQ(text.find('b'), std::string::npos);
  EXPECT_TRUE(text.ends_with("a, a and 980 more")) << text;
}

}  // namespace
}  // namespace austeer
