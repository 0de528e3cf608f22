#include "judging/judge_cache.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

const std::string first_key(64, '1');
const std::string second_key(64, '2');
const std::string third_key(64, '3');

class CachedAnswers : public ::testing::Test {
 protected:
  std::string filled() {
    JudgeCache cache(file);
    cache.add(first_key, "m", "B is \"better\".\n[[B]]");
    cache.add(second_key, "m", "\xff?");
    return read_file(file);
  }

  testing::TemporaryFolder folder;
  const std::filesystem::path file = folder / "answers.jsonl";
};

TEST_F(CachedAnswers, AreThereAgain) {
  const std::string bytes = filled();
  JudgeCache cache(file);
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.find(first_key), "B is \"better\".\n[[B]]");
  EXPECT_EQ(cache.find(second_key), "\uFFFD?");
  EXPECT_EQ(cache.find(third_key), std::nullopt);
  cache.add(first_key, "m", "again");
  EXPECT_EQ(read_file(file), bytes) << "a key is written once";
}

TEST_F(CachedAnswers, ALineCutOffAtAnyByteIsDropped) {
  const std::string bytes = filled();
  const std::size_t second = bytes.find('\n') + 1;
  for (std::size_t size = second; size < bytes.size(); ++size) {
    write_file(file, bytes.substr(0, size));
    {
      JudgeCache cache(file);
      EXPECT_EQ(cache.size(), 1U) << size;
      cache.add(second_key, "m", "\xff?");
    }
    EXPECT_EQ(read_file(file), bytes) << size;
  }
}

TEST_F(CachedAnswers, AnythingElseIsRefusedAndLeftAsItIs) {
  const std::string good = filled();
  const auto refused = [&](const std::string& bytes, const std::string& message) {
    write_file(file, bytes);
    expect_refusal<FormatError>([&] { JudgeCache{file}; }, message);
    EXPECT_EQ(read_file(file), bytes);
  };
  const std::string hash(64, 'a');
  const auto line = [&](const std::string& answer, const std::string& more = "") {
    return R"({"key":")" + hash + R"(","model":"m","answer":)" + answer + more + "}\n";
  };
  refused("notes of mine", "something else at its end");
  refused(good + "notes of mine", "something else at its end");
  refused("notes of mine\n", "answers.jsonl:1");
  refused(good + "{}\n", "answers.jsonl:3");
  refused(good + "\n" + good, "answers.jsonl:3");
  refused(good + good, "a second answer to a question");
  refused(line("null"), "expected a text; found null");
  refused(line("\"A\"", ",\"more\":1"), "unknown key 'more'");
  refused("{\"key\":\"beef\",\"model\":\"m\",\"answer\":\"\"}\n", "64 lower-case hex digits");
}

TEST_F(CachedAnswers, ASecondOwnerIsTold) {
  const JudgeCache cache(file);
  expect_refusal<FileError>([&] { JudgeCache{file}; }, "in use by another process");
}

TEST_F(CachedAnswers, FilesThatCannotBeAreRefused) {
  expect_refusal<FileError>([&] { JudgeCache{folder / "none" / "x.jsonl"}; }, "cannot open");
  std::filesystem::create_symlink(folder / "elsewhere", folder / "link");
  expect_refusal<FileError>([&] { JudgeCache{folder / "link"}; }, "cannot open");
  expect_refusal<FileError>([&] { JudgeCache{folder.path()}; }, "cannot open");
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

TEST_F(CachedAnswers, AFullDiskLeavesWholeLines) {
  const std::string bytes = filled();
  JudgeCache cache(file);
  {
    const FileSizeLimit limit(bytes.size() + 10);
    expect_refusal<FileError>([&] { cache.add(third_key, "m", "[[C]]"); },
                              "finished answers are kept");
  }
  EXPECT_EQ(read_file(file), bytes);
  EXPECT_EQ(cache.find(third_key), std::nullopt);
  cache.add(third_key, "m", "[[C]]");
  EXPECT_EQ(cache.find(third_key), "[[C]]");
}

}  // namespace
}  // namespace austeer
