#include "documents/table.hpp"

#include <gtest/gtest.h>

namespace austeer {
namespace {
TEST(Table, Empty) { EXPECT_FALSE(Table{}.has_groups()); }
}  // namespace
}  // namespace austeer
