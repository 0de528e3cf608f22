// The settings of a run as results record them.
#include "runs/options.hpp"

#include <gtest/gtest.h>

namespace austeer {
namespace {

TEST(RunOptions, AreRecordedWithoutTheFolderOfTheData) {
  RunOptions options;
  options.datasets = "/data";
  EXPECT_EQ(to_text(settings_json(options)),
            R"({"model":"smollm2-135m-instruct","device":"cpu","dtype":"auto","threads":0,)"
            R"("batch_tokens":2048,"passes":"fast"})");
}

TEST(RunOptions, AreRecordedWithTheOffloadWhereThereIsOne) {
  RunOptions options;
  options.offload = true;
  EXPECT_EQ(settings_json(options).at("offload"), true);
}

}  // namespace
}  // namespace austeer
