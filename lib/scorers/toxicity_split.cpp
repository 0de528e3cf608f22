#include "scorers/toxicity_split.hpp"

#include "base/ascii.hpp"
#include "base/hash.hpp"

namespace austeer {
namespace {

bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

std::string normalised(std::string_view text) {
  std::string result;
  bool gap = false;
  for (const char byte : text) {
    if (is_space(byte)) {
      gap = true;
      continue;
    }
    if (gap && !result.empty()) result += ' ';
    gap = false;
    result += lower_ascii(byte);
  }
  return result;
}

unsigned long hex_number(const std::string& digits) { return std::stoul(digits, nullptr, 16); }

}  // namespace

const std::string toxicity_split_rule =
    "SHA-256 of the text, its ASCII letters in lower case, each run of ASCII white space as one "
    "space, none at the ends; held out: the first 8 hex digits are divisible by 5; fold: the next "
    "8 hex digits modulo 5";

ToxicitySplit toxicity_split(std::string_view text) {
  const std::string hash = sha256(normalised(text));
  return {hex_number(hash.substr(0, 8)) % 5 == 0,
          static_cast<int>(hex_number(hash.substr(8, 8)) % toxicity_folds)};
}

}  // namespace austeer
