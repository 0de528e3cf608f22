#pragma once
// What the library throws. Every error says what was attempted, what was expected, what was found
// and what to try next, so that a message is useful without a debugger. Only apps/ prints them.

#include <stdexcept>
#include <string>
#include <string_view>

namespace austeer {

/// The parts of a message; `what` is required, an empty part is left out.
struct ErrorParts {
  std::string what;      ///< the operation and its object, "[safetensors] model.safetensors: ..."
  std::string expected;  ///< what would have been right
  std::string found;     ///< what was there instead
  std::string hint;      ///< what the user can try
};

/// Base of all errors of this library: it could not be done (exit code 1).
class Error : public std::runtime_error {
 public:
  explicit Error(const ErrorParts& parts);
  /// `room` is the part of the program that refuses, `what` the sentence.
  Error(std::string_view room, std::string_view what, std::string_view hint = {});
};

/// A file or stream cannot be read, written, locked or mapped.
class FileError : public Error {
  using Error::Error;
};

/// Bytes from outside (a checkpoint, tokenizer, dataset, YAML) are not what they claim to be.
class FormatError : public Error {
  using Error::Error;
};

/// The caller asked for something that does not exist or cannot be combined (exit code 2).
class UsageError : public Error {
  using Error::Error;
};

/// A computation met values that it must not pass on, such as NaN activations.
class ComputeError : public Error {
  using Error::Error;
};

/// There is not enough memory, on the device or beside it.
class OutOfMemoryError : public Error {
  using Error::Error;
};

}  // namespace austeer
