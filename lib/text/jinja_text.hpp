#pragma once
// Python's operations on texts for chat templates: texts are valid UTF-8, counted, cut and searched
// by code points.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace austeer::jinja {

/// Whether Python counts the character as white space.
bool is_space(char32_t character);

/// How many code points `text` has.
std::size_t length(std::string_view text);

/// The code points of `text`, each as a text.
std::vector<std::string> characters(std::string_view text);

enum class Ends { both, front, back };

/// `text` without white space at its ends, or without any of `characters` where they are given.
std::string_view strip(std::string_view text, Ends ends,
                       const std::optional<std::string>& characters = {});

/// str.split and str.rsplit: at `separator`, at runs of white space where there is none; at most
/// `most` times where that is not negative, from the end where `from_end`.
std::vector<std::string> split(std::string_view text, const std::optional<std::string>& separator,
                               std::int64_t most, bool from_end);

/// str.splitlines.
std::vector<std::string> split_lines(std::string_view text);

/// How often `part`, not empty, occurs without overlap.
std::size_t count_of(std::string_view text, std::string_view part);

/// The first `most` occurrences of `old` replaced (all where negative); an empty `old` stands
/// between all characters.
std::string replace(std::string_view text, std::string_view old, std::string_view by,
                    std::int64_t most);

/// The first character in upper case, the others in lower case.
std::string capitalize(std::string_view text);

/// Jinja's filter title: each word, after white space, a hyphen or an opening bracket, capitalised.
std::string title(std::string_view text);

/// repr() of a text: in quotes, what does not print escaped.
std::string quoted_text(std::string_view text);

}  // namespace austeer::jinja
