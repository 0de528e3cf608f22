#pragma once
// A folder with all that a run needs: a tiny random model of a token a letter, data and tasks.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/json.hpp"
#include "models/load.hpp"
#include "reference.hpp"
#include "runs/options.hpp"
#include "tasks/task.hpp"
#include "testing.hpp"

namespace austeer::testing {

inline constexpr int tiny_vocabulary = 192;  ///< as many tokens as the reference's model has

/// A token a letter: those of ASCII behind 96 others, of which id 2 ends an answer.
inline Json letters_tokenizer() {
  Json ids = Json::object();
  for (int i = 0; i < 96; ++i) {
    const int code = 0x100 + i;  // of two bytes in UTF-8
    ids[std::string{static_cast<char>(0xc0 | (code >> 6)), static_cast<char>(0x80 | (code & 63))}] =
        i;
  }
  for (int i = 0; i < 95; ++i) ids[std::string(1, static_cast<char>(' ' + i))] = 96 + i;
  ids["\n"] = tiny_vocabulary - 1;
  return {
      {"added_tokens", Json::array()},
      {"normalizer", nullptr},
      {"pre_tokenizer", nullptr},
      {"post_processor", nullptr},
      {"decoder", {{"type", "Fuse"}}},
      {"model", {{"type", "BPE"}, {"unk_token", "?"}, {"merges", Json::array()}, {"vocab", ids}}}};
}

/// Items of ragged lengths, so that passes do not take them in their order.
class TinyRuns {
 public:
  TinyRuns() {
    const std::filesystem::path tiny =
        reference_file("tiny/multi_head/reference.safetensors").path().parent_path();
    make_folder(folder_ / "tiny");
    for (const char* name : {"config.json", "generation_config.json", "model.safetensors"}) {
      std::filesystem::copy_file(tiny / name, folder_ / "tiny" / name);
    }
    write_file(folder_ / "tiny/tokenizer.json", to_text(letters_tokenizer()));
    write_file(folder_ / "tiny/tokenizer_config.json", "{}");
    make_folder(folder_ / "data/Made");
    write_records("train", 0, 12);
    write_records("test", 40, 7);
    write_task("open",
               "answer: \" {answer}\"\ngold: \"{answer}\"\nwrong_answer: next\n"
               "max_new_tokens: 6\nmetric: exact_match\n");
    write_task("choice",
               "label: label\nanswers: {0: \" no\", 1: \" surely\"}\nmax_new_tokens: 1\n"
               "metric: exact_match\n");
  }

  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

  /// A task on the records, with the YAML lines `keys` behind what all tasks have in common.
  std::string write_task(const std::string& name, const std::string& keys) const {
    write_file(folder_ / (name + ".yaml"),
               "name: " + name +
                   "\ndataset: Made\nsplits: {train: train.jsonl, test: test.jsonl}\n"
                   "prompt: \"Q: {question}?\"\n" +
                   keys);
    return task(name);
  }
  std::string task(const std::string& name) const { return (folder_ / (name + ".yaml")).string(); }

  RunOptions run() const {
    RunOptions options;
    options.model = (folder_ / "tiny").string();
    options.dtype = "float32";
    options.threads = 1;
    options.datasets = (folder_ / "data").string();
    return options;
  }

  std::vector<Item> items(const std::string& task_name, const std::string& split = "test") const {
    return load_task(task(task_name), project_configs).items(split, folder_ / "data");
  }

 private:
  void write_records(const std::string& split, int first, int count) const {
    const std::vector<std::string> words = {"red", "one", "sea", "oak", "ice", "sky"};
    std::string lines;
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const std::string& word = words[at % words.size()];
      const Json record = {
          {"question", fmt::format("{} {}{}", word, first + i, std::string((at * 5) % 11, 'x'))},
          {"answer", words[(at + 2) % words.size()]},
          {"label", i % 3 % 2}};
      lines += to_text(record) + "\n";
    }
    write_file(folder_ / ("data/Made/" + split + ".jsonl"), lines);
  }

  TemporaryFolder folder_;
};

/// One model for all tests of a program: it is read once.
inline const Model& tiny_run_model() {
  static const TinyRuns made;
  static const Model model = open_model(made.run());
  return model;
}

/// The bytes of every file below `folder`, by its path there; without locks.
inline std::map<std::string, std::string> bytes_below(const std::filesystem::path& folder) {
  std::map<std::string, std::string> bytes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = std::filesystem::relative(entry.path(), folder).string();
    if (entry.is_regular_file() && !name.ends_with(".lock")) bytes[name] = read_file(entry.path());
  }
  return bytes;
}

}  // namespace austeer::testing
