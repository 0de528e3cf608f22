#include "scorers/sentences.hpp"

#include <set>
#include <string>

#include "text/regex.hpp"

namespace austeer {
namespace {

/// The positions of full stops that end no sentence.
std::set<std::size_t> stops_of_abbreviations(std::string_view text) {
  static const Regex abbreviation(
      R"((?<![^\s\x{1c}-\x{1f}(\[{<"'`«“‘„])(?i:mrs?|ms|dr|prof|st|[js]r|gen|gov|sen|rep|rev)"
      R"(|capt|col|lt|vs|cf|\p{L}(?:\.\p{L})*+)\.)",
      "abbreviations");
  std::set<std::size_t> stops;
  for (const ByteRange& match : abbreviation.find_all(text)) stops.insert(match.end - 1);
  return stops;
}

/// Adds what is left of `sentence` without the white space around it, unless that is nothing.
void add_trimmed(std::string_view sentence, std::vector<std::string_view>& result) {
  static const Regex word(R"([^\s\x{1c}-\x{1f}]+)", "words");
  const std::vector<ByteRange> found = word.find_all(sentence);
  if (found.empty()) return;
  const std::size_t begin = found.front().begin;
  result.push_back(sentence.substr(begin, found.back().end - begin));
}

}  // namespace

std::vector<std::string_view> sentences(std::string_view text) {
  static const Regex end(R"((?<![.?!])[.?!]++[\])}>"'»”’]*+(?=[\s\x{1c}-\x{1f}]++(?!\p{Ll})))",
                         "sentence ends");
  const std::set<std::size_t> exempt = stops_of_abbreviations(text);
  std::vector<std::string_view> result;
  std::size_t start = 0;
  for (const ByteRange& match : end.find_all(text)) {
    if (exempt.contains(match.begin)) continue;
    add_trimmed(text.substr(start, match.end - start), result);
    start = match.end;
  }
  add_trimmed(text.substr(start), result);
  return result;
}

}  // namespace austeer
