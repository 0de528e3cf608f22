// The chat template that a GGUF file brings.

#include "text/chat_template.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "models/gguf_metadata.hpp"
#include "models/gguf_model.hpp"
#include "models/manifest.hpp"
#include "reference.hpp"
#include "testing.hpp"
#include "text/template.hpp"

namespace austeer {
namespace {

using namespace testing::gguf;
using testing::expect_refusal;

const std::vector<ChatMessage> question = {{"user", "Why?"}};

std::optional<ChatTemplate> template_of(const Metadata& more) {
  const testing::TemporaryFolder folder;
  Metadata metadata = model(sentencepiece());
  for (const auto& [key, value] : more) metadata[key] = value;
  return GgufModel(write_gguf(folder, metadata, {{"token_embd.weight", {8, 8}}})).chat_template();
}

TEST(GgufChatTemplate, NamesTheFilesSpecialTokens) {
  EXPECT_FALSE(template_of({}).has_value());
  const std::string source = "{{ bos_token }}{{ eos_token }}{{ unk_token }}{{ pad_token }}";
  const auto chat = template_of({{"tokenizer.chat_template", text(source)},
                                 {"tokenizer.chat_template.tool_use", text("other")}});
  EXPECT_EQ(chat->render(question), "<s></s><unk>");
  EXPECT_EQ(template_of({{"tokenizer.chat_template", text(source)},
                         {"tokenizer.ggml.padding_token_id", whole(7)}})
                ->render(question),
            "<s></s><unk>ab");
}

TEST(GgufChatTemplate, ThatCannotBeUsedIsRefusedWhereItIsRendered) {
  const auto refused = [](const Metadata& more, const std::string& part) {
    expect_refusal<FormatError>([&] { template_of(more)->render(question); }, part);
  };
  refused({{"tokenizer.chat_template.rag", text("x")}}, "no template named 'default'; found rag");
  refused({{"tokenizer.chat_template", whole(1)}}, "tokenizer.chat_template");
  refused({{"tokenizer.chat_template", text("x")}, {"tokenizer.ggml.padding_token_id", whole(8)}},
          "tokenizer.ggml.padding_token_id");
}

TEST(GgufChatTemplate, OfTheDefaultModelGivesWhatItsManifestSays) {
  const auto chat = GgufModel(testing::default_model_file()).chat_template();
  ASSERT_TRUE(chat.has_value());
  const std::string format =
      load_model_manifest("smollm2-135m-instruct", testing::project_configs).chat;
  const Json value = question[0].content;
  const auto lookup = [&](const std::string& /*field*/) { return &value; };
  EXPECT_EQ(chat->render(question), Template(format, "configs").fill(lookup, "test"));
  EXPECT_NE(chat->place().find("tokenizer.chat_template"), std::string::npos);
}

}  // namespace
}  // namespace austeer
