#include "base/json_lines.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/data_json.hpp"

namespace austeer {

void for_each_json_line(
    std::string_view text, const std::string& name,
    const std::function<void(const Json& value, const std::string& place)>& use) {
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string place = fmt::format("{}:{}", name, number);
    use(parse_data_json(line, place), place);
  }
}

}  // namespace austeer
