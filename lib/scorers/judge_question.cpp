#include "scorers/judge_question.hpp"

#include <fmt/format.h>

#include "base/hash.hpp"

namespace austeer {
namespace {

constexpr std::string_view white_space = " \t\r\n";

/// Adds a text so that two that follow each other cannot be cut elsewhere.
void add_text(Sha256& hash, std::string_view text) {
  hash.update(fmt::format("{}:", text.size())).update(text);
}

}  // namespace

std::string fenced(std::span<const NamedText> texts) {
  Sha256 hash;
  for (const NamedText& text : texts) add_text(hash, text.text);
  const std::string mark = hash.hex().substr(0, 12);
  std::string lines;
  for (const NamedText& text : texts) {
    lines += fmt::format("===== {} {} =====\n{}\n", mark, text.name, text.text);
  }
  return lines + fmt::format("===== {} END =====", mark);
}

std::string_view last_line(std::string_view answer) {
  const std::size_t last = answer.find_last_not_of(white_space);
  if (last == std::string_view::npos) return "";
  answer = answer.substr(0, last + 1);
  const std::size_t line_break = answer.find_last_of('\n');
  if (line_break != std::string_view::npos) answer.remove_prefix(line_break);
  answer.remove_prefix(answer.find_first_not_of(white_space));
  return answer;
}

std::string JudgeQuestion::key(std::string_view model) const {
  Sha256 hash;
  for (const std::string_view part : {model, std::string_view(text), reminder}) {
    add_text(hash, part);
  }
  return hash.hex();
}

std::string ask_judge(ChatClient& client, const JudgeQuestion& question,
                      const std::stop_token& stop) {
  std::string answer = client.ask(question.text, stop);
  if (!question.is_answered_by(answer)) {
    answer = client.ask(question.text + std::string(question.reminder), stop);
  }
  return client.redacted(std::move(answer));
}

}  // namespace austeer
