// The chat client against a real HTTP server on loopback that misbehaves in every way that it is
// asked to.

#include "judging/chat_client.hpp"

#include <gtest/gtest.h>
#include <thread>

#include "base/error.hpp"
#include "judge_server.hpp"
#include "judging/questions.hpp"

namespace austeer {
namespace {

using testing::EnvironmentValue;
using testing::expect_refusal;
using testing::refusal;

const std::string key = "sk-test/0123456789";

class Chat : public ::testing::Test {
 protected:
  std::string ask(const ChatOptions& options) {
    return ChatClient(options).ask(comparison_question("p", "bad", "better").text);
  }
  std::string ask(const std::string& behaviour) { return ask(server.options(behaviour)); }

  testing::JudgeServer server;
};

TEST_F(Chat, AnswersComeAndTheKeyIsSent) {
  EXPECT_EQ(ask("fair"), "I compared them.\n[[B]]");
  ChatOptions whole = server.options("fair");
  whole.endpoint += "/chat/completions/";
  EXPECT_EQ(ask(whole), "I compared them.\n[[B]]");
  const EnvironmentValue variable("JUDGE_TEST_KEY", key);
  ask("first");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_TRUE(requests[0].ends_with(" -")) << "no key, no header";
  EXPECT_TRUE(requests[2].ends_with(" Bearer " + key)) << requests[2];
}

TEST_F(Chat, PassingFailuresAreTriedAgain) {
  for (const char* behaviour : {"failing", "limited", "dropped", "cut"}) {
    EXPECT_EQ(ask(behaviour), "I compared them.\n[[B]]") << behaviour;
  }
  EXPECT_EQ(server.requests().size(), 8U);
}

TEST_F(Chat, ASlowAnswerIsAskedForAgain) {
  ChatOptions options = server.options("slow");
  options.total_seconds = 0.5;
  options.tries = 20;
  EXPECT_EQ(ask(options), "I compared them.\n[[B]]");
  EXPECT_GE(server.requests().size(), 2U);
}

TEST_F(Chat, TriesComeToAnEnd) {
  const std::string message = refusal<FileError>([&] { ask("broken"); });
  for (const char* part :
       {"/broken/v1/chat/completions", "HTTP status 500: out [31m of order", "(4 tries)"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
  }
  EXPECT_EQ(server.requests().size(), 4U);

  ChatOptions options = server.options("slow");
  options.total_seconds = 0.2;
  options.tries = 1;
  expect_refusal<FileError>([&] { ask(options); }, "timed out");
  options = server.options("fair");
  options.endpoint = "http://127.0.0.1:1/v1";
  options.tries = 2;
  expect_refusal<FileError>([&] { ask(options); }, "(2 tries)");
}

TEST_F(Chat, OtherStatusesAreFinal) {
  expect_refusal<FileError>([&] { ask("refused"); }, "HTTP status 401");
  expect_refusal<FileError>([&] { ask("moved"); }, "HTTP status 307");
  ChatOptions options = server.options("fair");
  options.endpoint += "/v2";
  expect_refusal<FileError>([&] { ask(options); }, "HTTP status 404: no such place");
  EXPECT_EQ(server.requests().size(), 2U) << "no second try, and none where it redirects to";
}

TEST_F(Chat, WhatIsNoCompletionIsRefused) {
  expect_refusal<FormatError>([&] { ask("page"); }, "33 bytes that are not JSON");
  expect_refusal<FormatError>([&] { ask("choiceless"); }, "JSON without 'choices'");
  expect_refusal<FormatError>([&] { ask("messageless"); }, "a choice without 'message'");
  expect_refusal<FormatError>([&] { ask("numeral"); }, "a 'content' that is no text");
  EXPECT_EQ(ask("wordless"), "") << "a model may answer nothing";
}

TEST_F(Chat, LargeResponsesAreNotReadToTheirEnd) {
  expect_refusal<FileError>([&] { ask("huge"); }, "a response of more than 1048576 bytes");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Chat, TheKeyIsInNoMessage) {
  const EnvironmentValue variable("JUDGE_TEST_KEY", key);
  const std::string message = refusal<FileError>([&] { ask("refused"); });
  EXPECT_EQ(message.find("0123456789"), std::string::npos) << message;
  EXPECT_NE(message.find("the key 'Bearer [key]' is not valid"), std::string::npos) << message;
  ChatClient client(server.options("whispering"));
  EXPECT_EQ(client.redacted(client.ask(comparison_question("p", "a", "b").text)),
            "Your header says Bearer [key].\n[[C]]");
  EXPECT_EQ(client.redacted(key + key), "[key][key]");
}

TEST_F(Chat, KeysAndVariablesThatCannotBeAreRefusedUnseen) {
  const auto construct = [&](const std::string& variable) {
    ChatOptions options = server.options("fair");
    options.key_variable = variable;
    ChatClient{options};
  };
  for (const std::string& variable : {key, std::string(), std::string("A B"), std::string("1A")}) {
    const std::string message = refusal<UsageError>([&] { construct(variable); });
    EXPECT_NE(message.find("the name of an environment variable"), std::string::npos) << message;
    EXPECT_EQ(message.find(key), std::string::npos) << message;
  }
  for (const std::string& bad : {key + "\r\nX-Other: 1", key + "\n", "a b" + key, key + "\u00e9"}) {
    const EnvironmentValue value("JUDGE_TEST_KEY", bad);
    const std::string message = refusal<UsageError>([&] { construct("JUDGE_TEST_KEY"); });
    EXPECT_NE(message.find("printable ASCII"), std::string::npos) << message;
    EXPECT_EQ(message.find("0123456789"), std::string::npos) << message;
  }
}

TEST_F(Chat, ARequestToStopEndsATransfer) {
  std::stop_source source;
  std::jthread stopper([&] {
    while (server.requests().empty()) std::this_thread::yield();
    source.request_stop();
  });
  ChatClient client(server.options("slow"));
  expect_refusal<FileError>(
      [&] { client.ask(comparison_question("p", "a", "b").text, source.get_token()); }, "stopped");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(ChatAddress, IsCompletedOrRefused) {
  EXPECT_EQ(completions_address("http://h:1/v1"), "http://h:1/v1/chat/completions");
  EXPECT_EQ(completions_address("https://h/v1//"), "https://h/v1/chat/completions");
  EXPECT_EQ(completions_address("https://h/x/chat/completions"), "https://h/x/chat/completions");
  for (const char* address :
       {"", "h/v1", "file:///etc/passwd", "ftp://h", "http://", "http:///v1", "http://k@h/v1",
        "http://u:secret@h/v1", "http://h/v1?key=secret", "http://h/v1#secret", "http://h /v1"}) {
    const std::string message = refusal<UsageError>([&] { completions_address(address); });
    EXPECT_EQ(message.find("secret"), std::string::npos) << message;
  }
}

TEST(ChatPause, DoublesWithinBoundsAndHeedsTheServer) {
  ChatOptions options;
  options.first_pause_seconds = 1;
  options.longest_pause_seconds = 60;
  EXPECT_EQ(retry_pause(options, 1, 0, 0), 1);
  EXPECT_EQ(retry_pause(options, 4, 0, 0), 8);
  EXPECT_EQ(retry_pause(options, 4, 0, 0.5), 6);
  EXPECT_EQ(retry_pause(options, 2000, 0, 0), 60);
  EXPECT_EQ(retry_pause(options, 1, 20, 0.9), 20) << "Retry-After is more than the own pause";
  EXPECT_EQ(retry_pause(options, 5, 2, 0), 16) << "and here less";
  EXPECT_EQ(retry_pause(options, 1, 1e9, 0), 60) << "a server cannot make us wait for ever";
}

}  // namespace
}  // namespace austeer
