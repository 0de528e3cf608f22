// The chat template that a GGUF file brings.

#include "text/chat_template.hpp"

#include <gtest/gtest.h>

#include "models/gguf_model.hpp"
#include "models/manifest.hpp"
#include "reference.hpp"
#include "testing.hpp"
#include "text/template.hpp"

namespace austeer {
namespace {

TEST(GgufChatTemplate, OfTheDefaultModelGivesWhatItsManifestSays) {
  const auto chat = GgufModel(testing::default_model_file()).chat_template();
  ASSERT_TRUE(chat.has_value());
  const std::string format =
      load_model_manifest("smollm2-135m-instruct", testing::project_configs).chat;
  const std::string question = "What is the capital of France?";
  const auto lookup = [&](const std::string& /*field*/) { return &question; };
  const std::vector<ChatMessage> messages = {{"user", question}};
  EXPECT_EQ(chat->render(messages), Template(format, "configs").fill(lookup, "test"));
  EXPECT_NE(chat->place().find("tokenizer.chat_template"), std::string::npos);
}

}  // namespace
}  // namespace austeer
