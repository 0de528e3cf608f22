// Units by name.

#include <gtest/gtest.h>

#include "plans/units.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

TEST(UnitName, IsLayerAndDimWithOrWithoutASite) {
  EXPECT_EQ(parse_unit("27:84"), (UnitName{{}, 27, 84}));
  EXPECT_EQ(parse_unit("ffn_gate:0:1535"), (UnitName{Site::ffn_gate, 0, 1535}));
  for (const char* text : {"27:84", "ffn:3:5"}) EXPECT_EQ(unit_text(parse_unit(text)), text);
  for (const char* text : {"", ":", "3", "3:", ":3", "3:4x", "3:-4", "a:3", "3:4 ", "3:+4",
                           "3:99999999999999999999", "ffn:3:", "ffn:3:4:5"}) {
    expect_refusal<UsageError>([&] { parse_unit(text); }, "not the name of a unit");
  }
  expect_refusal<UsageError>([] { parse_unit("fnn:3:4"); }, "did you mean 'ffn'");
}

}  // namespace
}  // namespace austeer
