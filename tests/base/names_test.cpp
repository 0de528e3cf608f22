#include "base/names.hpp"

#include <gtest/gtest.h>
#include <string>

namespace austeer {
namespace {

TEST(Names, NamesAndPathsThatLeadOutAreSeen) {
  for (const char* good : {"a", "COPA", "train_m.jsonl", "x-1.0"}) EXPECT_TRUE(is_plain_name(good));
  for (const char* bad : {"", ".", "..", ".a", "-a", "a/b", "a\\b", "a b", "ä"}) {
    EXPECT_FALSE(is_plain_name(bad)) << bad;
  }
  for (const char* good : {"a", "a/b.txt", "a b/c"}) EXPECT_TRUE(is_inner_path(good));
  for (const char* bad : {"", "/a", "a/", "a//b", "../a", "a/../b", "a/.", "a\\b", "a\nb"}) {
    EXPECT_FALSE(is_inner_path(bad)) << bad;
  }
}

TEST(Names, DigestsAreLowerCaseHex) {
  EXPECT_TRUE(is_sha256(std::string(64, 'a')));
  EXPECT_FALSE(is_sha256(std::string(64, 'A')));
  EXPECT_FALSE(is_sha256(std::string(63, 'a')));
  EXPECT_FALSE(is_sha256(std::string(64, 'g')));
}

}  // namespace
}  // namespace austeer
