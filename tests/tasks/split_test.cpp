// Split expressions.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "tasks/dataset.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using Range = std::pair<std::size_t, std::size_t>;

Range range(std::string_view expression, std::size_t count) {
  const Split split = parse_split(expression);
  EXPECT_EQ(split.name, "train");
  return split_range(split, count);
}

TEST(Split, RangesAreHalfOpen) {
  EXPECT_EQ(range("train", 1000), Range(0, 1000));
  EXPECT_EQ(range("train[:]", 1000), Range(0, 1000));
  EXPECT_EQ(range("train[:600]", 1000), Range(0, 600));
  EXPECT_EQ(range("train[600:]", 1000), Range(600, 1000));
  EXPECT_EQ(range("train[100:200]", 1000), Range(100, 200));
  EXPECT_EQ(range("train[999:1000]", 1000), Range(999, 1000));
  EXPECT_EQ(range("train[0:1]", 1), Range(0, 1));
}

TEST(Split, RangesBeyondTheDataSayHowManyThereAre) {
  for (const std::string expression :
       {"train[:1001]", "train[1000:]", "train[2000:3000]", "train[0:18446744073709551615]"}) {
    expect_refusal<UsageError>(
        [&] { range(expression, 1000); },
        "'" + expression + "' reaches beyond the data: 'train' has 1000 items");
  }
  for (const std::string expression : {"train[5:5]", "train[6:5]", "train[:0]"}) {
    expect_refusal<UsageError>([&] { range(expression, 1000); },
                               "'" + expression + "' holds no item ('train' has 1000)");
  }
}

TEST(Split, AnythingElseIsRefused) {
  for (const std::string expression :
       {"", "[1:2]", "train[", "train[]", "train[3]", "train[1:2", "train[-5:]", "train[:-5]",
        "train[+1:2]", "train[1:2:3]", "train[ 1:2]", "train[1:2] ", "train[1:2][3:4]",
        "train[a:b]", "train[0x1:2]", "train[1.5:2]", "train[:18446744073709551616]"}) {
    expect_refusal<UsageError>([&] { parse_split(expression); },
                               "'" + expression + "' is not a split; expected a name");
  }
}

}  // namespace
}  // namespace austeer
