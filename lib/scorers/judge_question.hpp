#pragma once
// A question to a judge model: its words, the texts that it is about between marks, and the form
// that a valid answer has.

#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "scorers/chat_client.hpp"

namespace austeer {

/// A text that a judge reads, under the name that its question gives it.
struct NamedText {
  std::string_view name;  ///< "RESPONSE A"
  std::string_view text;
};

/// The texts, each below a line with its name and a mark that depends on all of them, so that none
/// can pretend to end and go on as the judge's instructions; behind the last one such a line
/// closes.
std::string fenced(std::span<const NamedText> texts);

/// The last line of `answer` that is not blank, without the white space around it; "" where there
/// is none.
std::string_view last_line(std::string_view answer);

/// One thing to ask a judge.
struct JudgeQuestion {
  std::string text;
  std::string_view reminder;  ///< goes behind it when it is asked once more
  bool (*is_answered_by)(std::string_view) = nullptr;  ///< whether an answer has the form asked for

  /// SHA-256 over the judge's name and all words.
  std::string key(std::string_view model) const;
};

/// The judge's words, without the client's key should it stand there. Asks once more, with the
/// reminder, after an answer that has not the form; the second answer counts, whatever it is.
/// Throws as ChatClient::ask() does.
std::string ask_judge(ChatClient& client, const JudgeQuestion& question,
                      const std::stop_token& stop = {});

}  // namespace austeer
