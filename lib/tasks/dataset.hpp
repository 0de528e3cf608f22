#pragma once
// Reading data sets: whatever the file's format, it becomes a list of records.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tasks/record.hpp"

namespace austeer {

// Items and pairs: what a task makes of a dataset's records, ready for the engine.

/// One question of a task.
struct Item {
  std::string place;   ///< where it comes from: "dev.jsonl:12"
  std::string prompt;  ///< what the model is asked
  std::string gold;    ///< what it should generate, for the metric; "" where nothing is right
  std::vector<std::string> choices;  ///< of a choice task: what could be generated, gold included
  std::size_t right = 0;             ///< index of the right one of them
  std::vector<std::string> other_golds = {};  ///< as right as `gold`, where there are several
  std::string system = {};     ///< of a task with `chat`: the system message; "": none
  std::string message = {};    ///< of a prompt that is a rendered chat: the user's message in it
  bool special_tokens = true;  ///< the prompt lacks the tokenizer's default special tokens
};

/// A positive and a negative text whose activations are compared.
struct Pair {
  std::string place;  ///< of its record, or of both: "train.jsonl:1 and train.jsonl:7"
  std::string positive;
  std::string negative;
  /// The right answer's label in a choice task ("true", "0"), else "": a ranking can be stratified
  /// by it, so that a unit which merely tells the answers' tokens apart does not pass for more.
  std::string answer_class;
  /// The byte of each text with which its answer begins; 0: the whole text is the answer.
  std::size_t positive_answer = 0;
  std::size_t negative_answer = 0;
  std::string positive_system = {};  ///< of a task with `chat`: the system messages; "": none
  std::string negative_system = {};
  bool special_tokens = true;             ///< the texts lack the tokenizer's default special tokens
  std::vector<std::string> records = {};  ///< the place of each record that it is made of
};

/// SHA-256 over positive, NUL, negative, NUL of each pair, in order: the same for the same texts.
std::string pairs_fingerprint(std::span<const Pair> pairs);

/// SHA-256 over positive_answer, NUL, negative_answer, NUL of each pair, written in decimal: with
/// pairs_fingerprint(), the same for the same texts cut at the same places.
std::string answers_fingerprint(std::span<const Pair> pairs);

/// SHA-256 over prompt, NUL, gold, NUL of each item, with each of its other golds and NUL, in
/// order: the same for the same questions.
std::string prompts_fingerprint(std::span<const Item> items);

// Split expressions: "train", "test", "train[:600]", "train[600:]", "train[100:200]".

/// A split and the part of it that is wanted.
struct Split {
  std::string expression;  ///< as it was written, for messages
  std::string name;        ///< "train"
  std::size_t first = 0;
  std::optional<std::size_t> last;  ///< the item after the last one; nothing: to the end
};

/// Reads a split expression: a name, then nothing or a half-open range [first:last] whose ends may
/// be left out. Throws UsageError for anything else, negative numbers included.
Split parse_split(std::string_view expression);

/// The half-open range of a split with `count` items. Throws UsageError, saying how many items
/// there are, when the range is empty or reaches beyond them.
std::pair<std::size_t, std::size_t> split_range(const Split& split, std::size_t count);

/// All records of `file`, in its order. The format follows from the extension: .jsonl (one object
/// a line, blank lines skipped), .json (a list of objects, or an object that holds one list; both
/// as parse_data_json() reads them), .csv and .tsv (read_csv(), whose `separator` this is), .xml
/// (COPA's format). Everything is UTF-8. Throws FileError, and FormatError, naming the file and the
/// line, for anything malformed or a file without records.
std::vector<Record> read_records(const std::filesystem::path& file,
                                 std::optional<char> separator = {});

}  // namespace austeer
