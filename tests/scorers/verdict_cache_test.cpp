#include "scorers/verdict_cache.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <set>
#include <sys/resource.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

const std::string first_key = verdict_key("m", "p", "a", "b");
const std::string second_key = verdict_key("m", "p", "b", "a");

class Verdicts : public ::testing::Test {
 protected:
  std::string filled() {
    VerdictCache cache(file);
    cache.add(first_key, "m", {Verdict::second, "B is \"better\".\n[[B]]"});
    cache.add(second_key, "m", {std::nullopt, "\xff?"});
    return read_file(file);
  }

  testing::TemporaryFolder folder;
  const std::filesystem::path file = folder / "verdicts.jsonl";
};

TEST_F(Verdicts, AreThereAgain) {
  const std::string bytes = filled();
  VerdictCache cache(file);
  EXPECT_EQ(cache.size(), 2U);
  ASSERT_TRUE(cache.find(first_key).has_value());
  EXPECT_EQ(cache.find(first_key)->verdict, Verdict::second);
  EXPECT_EQ(cache.find(first_key)->answer, "B is \"better\".\n[[B]]");
  ASSERT_TRUE(cache.find(second_key).has_value());
  EXPECT_EQ(cache.find(second_key)->verdict, std::nullopt);
  EXPECT_EQ(cache.find(second_key)->answer, "\uFFFD?");
  EXPECT_FALSE(cache.find(verdict_key("m", "p", "a", "c")).has_value());
  cache.add(first_key, "m", {Verdict::first, "again"});
  EXPECT_EQ(read_file(file), bytes) << "a key is written once";
}

TEST_F(Verdicts, KeysDifferWhereAnyPartDoes) {
  std::set<std::string> keys;
  for (const char* model : {"m", "n"}) {
    for (const char* prompt : {"p", "", "pa"}) {
      for (const char* response : {"a", "", "aa"}) {
        keys.insert(verdict_key(model, prompt, response, "b"));
        keys.insert(verdict_key(model, prompt, "b", response));
      }
    }
  }
  EXPECT_EQ(keys.size(), 2U * 3 * 6);
}

TEST_F(Verdicts, ALineCutOffAtAnyByteIsDropped) {
  const std::string bytes = filled();
  const std::size_t second = bytes.find('\n') + 1;
  for (std::size_t size = second; size < bytes.size(); ++size) {
    write_file(file, bytes.substr(0, size));
    {
      VerdictCache cache(file);
      EXPECT_EQ(cache.size(), 1U) << size;
      cache.add(second_key, "m", {std::nullopt, "\xff?"});
    }
    EXPECT_EQ(read_file(file), bytes) << size;
  }
}

TEST_F(Verdicts, AnythingElseIsRefusedAndLeftAsItIs) {
  const std::string good = filled();
  const auto refused = [&](const std::string& bytes, const std::string& message) {
    write_file(file, bytes);
    expect_refusal<FormatError>([&] { VerdictCache{file}; }, message);
    EXPECT_EQ(read_file(file), bytes);
  };
  const std::string hash(64, 'a');
  const auto line = [&](const std::string& verdict, const std::string& more = "") {
    return R"({"key":")" + hash + R"(","model":"m","verdict":)" + verdict + R"(,"answer":"")" +
           more + "}\n";
  };
  refused("notes of mine", "something else at its end");
  refused(good + "notes of mine", "something else at its end");
  refused("notes of mine\n", "verdicts.jsonl:1");
  refused(good + "{}\n", "verdicts.jsonl:3");
  refused(good + "\n" + good, "verdicts.jsonl:3");
  refused(good + good, "a second verdict on a question");
  refused(line("\"D\""), "A, B, C or nothing");
  refused(line("null"), "expected a text; found null");
  refused(line("\"A\"", ",\"more\":1"), "unknown key 'more'");
  refused("{\"key\":\"beef\",\"model\":\"m\",\"verdict\":\"A\",\"answer\":\"\"}\n",
          "64 lower-case hex digits");
}

TEST_F(Verdicts, ASecondOwnerIsTold) {
  const VerdictCache cache(file);
  expect_refusal<FileError>([&] { VerdictCache{file}; }, "in use by another process");
}

TEST_F(Verdicts, FilesThatCannotBeAreRefused) {
  expect_refusal<FileError>([&] { VerdictCache{folder / "none" / "x.jsonl"}; }, "cannot open");
  std::filesystem::create_symlink(folder / "elsewhere", folder / "link");
  expect_refusal<FileError>([&] { VerdictCache{folder / "link"}; }, "cannot open");
  expect_refusal<FileError>([&] { VerdictCache{folder.path()}; }, "cannot open");
}

/// While it lives, files cannot grow beyond `bytes`, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_F(Verdicts, AFullDiskLeavesWholeLines) {
  const std::string bytes = filled();
  VerdictCache cache(file);
  const std::string key = verdict_key("m", "another", "a", "b");
  {
    const FileSizeLimit limit(bytes.size() + 10);
    expect_refusal<FileError>(
        [&] {
          cache.add(key, "m", {Verdict::tie, "[[C]]"});
        },
        "finished verdicts are kept");
  }
  EXPECT_EQ(read_file(file), bytes);
  EXPECT_FALSE(cache.find(key).has_value());
  cache.add(key, "m", {Verdict::tie, "[[C]]"});
  EXPECT_EQ(cache.find(key)->verdict, Verdict::tie);
}

}  // namespace
}  // namespace austeer
