#pragma once
// Values of a chat template: what Python's are as far as Jinja shows them. Everything but a
// namespace is immutable, as in the sandbox that transformers renders in, so values have no cycles;
// how deep they are nested is bounded, and what they take is counted by a Budget.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace austeer::jinja {

/// Why a template cannot be parsed or rendered: thrown within the interpreter, which adds the line;
/// its callers see a FormatError that names the template too.
struct Problem {
  std::string what;
  int line = 0;  ///< of the template, from 1; 0: not known yet
};

/// What one rendering may still use. Both throw Problem where nothing is left.
class Budget {
 public:
  /// `count` steps, each of bounded time.
  void take_steps(std::size_t count = 1);
  /// `count` bytes of a value or of the output; given back never, so that they bound time too.
  void take_bytes(std::size_t count);

 private:
  std::size_t steps_ = 4'000'000;
  std::size_t bytes_ = std::size_t{128} << 20;
};

class Value;
struct Sequence;
struct Dict;
struct Namespace;
struct Loop;
struct Callable;

/// What a name without a value stands for; `what` says which.
struct Undefined {
  std::shared_ptr<const std::string> what;
};

struct None {};

class Value {
 public:
  using Text = std::shared_ptr<const std::string>;
  using Content =
      std::variant<None, Undefined, bool, std::int64_t, double, Text,
                   std::shared_ptr<const Sequence>, std::shared_ptr<const Dict>, Namespace*,
                   std::shared_ptr<const Loop>, std::shared_ptr<const Callable>>;

  Value() = default;
  template <typename T>
  requires std::is_constructible_v<Content, T> Value(T&& content)
      : content_(std::forward<T>(content)) {}  // NOLINT: a value is its content

  /// The content where it is a T, else null.
  template <typename T>
  const T* get() const {
    return std::get_if<T>(&content_);
  }
  template <typename T>
  bool is() const {
    return std::holds_alternative<T>(content_);
  }
  bool is_undefined() const { return is<Undefined>(); }

  /// The parts of a compound value, null where it is none.
  const std::string* text() const;
  const Sequence* sequence() const;
  const Dict* dict() const;
  const Loop* loop() const;
  const Callable* callable() const;
  Namespace* name_space() const;

  /// A bool or an integer as an integer, as in Python.
  const std::int64_t* integer(std::int64_t& storage) const;
  bool is_number() const { return is<bool>() || is<std::int64_t>() || is<double>(); }
  double number() const;  ///< of a number

 private:
  Content content_;
};

/// Which of Python's types a sequence is: how it prints, and what may be done with it.
enum class SequenceKind {
  list,
  tuple,
  range,
  view,      ///< of a dict's keys, values or items: has a length, but no places
  generator  ///< what filters give: read once, without a length
};

struct Sequence {
  std::vector<Value> items;
  SequenceKind kind = SequenceKind::list;
  int depth = 1;              ///< of nested values
  mutable bool read = false;  ///< of a generator: its items have been taken
};

struct Dict {
  std::vector<std::pair<Value, Value>> entries;  ///< in the order of insertion, keys distinct
  int depth = 1;

  /// The value at `key`, or null.
  const Value* find(std::string_view key) const;
  const Value* find(const Value& key, Budget& budget) const;
};

/// The one mutable value: a template's namespace(). The renderer owns them.
struct Namespace {
  std::map<std::string, Value, std::less<>> attributes;
};

/// The variable `loop` of a for statement.
struct Loop {
  std::shared_ptr<const Sequence> items;
  std::size_t index = 0;
};

struct Statement;
struct Scope;

/// What can be called: a macro, a function of the environment, or a method of a value.
struct Callable {
  const Statement* macro = nullptr;
  Scope* closure = nullptr;  ///< of a macro: where it was defined
  std::string name = {};     ///< of a function or method
  Value self = {};           ///< of a method
  bool is_method = false;
};

// Making values. All throw Problem for what the budget or the bound of nesting refuses.

Value make_text(std::string text, Budget& budget);
Value make_sequence(std::vector<Value> items, Budget& budget,
                    SequenceKind kind = SequenceKind::list);
/// Of equal keys the first place and the last value count.
Value make_dict(std::vector<std::pair<Value, Value>> entries, Budget& budget);
Value make_undefined(std::string what);

// Python's view of values.

/// "a text", "a list", ...: for messages.
std::string kind_name(const Value& value);
/// Whether it counts as true.
bool truth(const Value& value);
/// ==. Throws Problem where the budget ends.
bool equal(const Value& a, const Value& b, Budget& budget);
/// < , of numbers, texts and sequences. Throws Problem for others.
bool less(const Value& a, const Value& b, Budget& budget);
/// str(): what a template prints. Throws Problem for what has no portable text (a macro).
std::string display(const Value& value, Budget& budget);
/// repr().
std::string representation(const Value& value, Budget& budget);
/// The items that a for statement goes through: a dict gives keys, a text its characters, an
/// undefined value nothing. Throws Problem for what has none.
std::vector<Value> iterate(const Value& value, Budget& budget);
/// A number as Python writes it.
std::string number_text(double value);

/// How to_json() lays out its text, as json.dumps does.
struct JsonStyle {
  int indent = -1;  ///< negative: all on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool sort_keys = false;
  bool ascii = false;  ///< all else as \uXXXX
};

/// json.dumps(). Throws Problem for what JSON has not.
std::string to_json(const Value& value, const JsonStyle& style, Budget& budget);

}  // namespace austeer::jinja
