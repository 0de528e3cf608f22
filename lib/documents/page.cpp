#include "documents/page.hpp"

#include <fmt/format.h>
#include <utility>

#include "base/error.hpp"
#include "documents/markup_text.hpp"
#include "documents/page_style.hpp"

namespace austeer {
namespace {

/// `bytes` as a data address: all but letters, digits and "-._~" percent-encoded.
std::string svg_address(std::string_view bytes) {
  constexpr std::string_view plain = "-._~";
  std::string address = "data:image/svg+xml,";
  for (const char letter : bytes) {
    const bool kept = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') ||
                      plain.find(letter) != std::string_view::npos;
    address +=
        kept ? std::string(1, letter) : fmt::format("%{:02X}", static_cast<unsigned char>(letter));
  }
  return address;
}

}  // namespace

Page::Page(std::string title) : title_(std::move(title)) {}

Page& Page::heading(std::string_view text, int level) {
  if (level != 2 && level != 3) {
    throw UsageError({"[page] a heading", "level 2 or 3", std::to_string(level), ""});
  }
  body_ += fmt::format("<h{0}>{1}</h{0}>\n", level, html_text(text));
  return *this;
}

Page& Page::paragraph(std::string_view text) {
  body_ += "<p>" + html_text(text) + "</p>\n";
  return *this;
}

Page& Page::warning(std::string_view text) {
  body_ += "<p class=\"warning\" role=\"note\">" + html_text(text) + "</p>\n";
  return *this;
}

Page& Page::table(const Table& table) {
  // The box can be reached, and so scrolled, by keyboard.
  body_ += fmt::format("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">\n",
                       html_text(table.title.empty() ? "table" : table.title)) +
           to_html(table) + "</div>\n";
  return *this;
}

Page& Page::figure(std::string_view svg, std::string_view caption, std::string_view alt) {
  if (svg.find("<svg") == std::string_view::npos) {
    throw UsageError({"[page] a figure", "the content of an SVG file",
                      fmt::format("{} bytes without an svg element", svg.size()), ""});
  }
  body_ += fmt::format(
      "<figure>\n<img alt=\"{}\" src=\"{}\"/>\n<figcaption>{}</figcaption>\n</figure>\n",
      html_text(alt), svg_address(svg), html_text(caption));
  return *this;
}

Page& Page::definitions(const std::vector<Definition>& definitions) {
  body_ += "<dl>\n";
  for (const auto& [name, value] : definitions) {
    body_ += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", html_text(name), html_text(value));
  }
  body_ += "</dl>\n";
  return *this;
}

Page& Page::preformatted(std::string_view text) {
  // The line end after <pre> is not part of the text: without it a text's own first would be lost.
  body_ += "<pre tabindex=\"0\">\n" + html_text(text) + "</pre>\n";
  return *this;
}

std::string Page::html() const {
  const std::string title = html_text(title_);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; img-src data:\"/>\n"
      "<title>{0}</title>\n<style>\n{1}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n{2}"
      "</main>\n</body>\n</html>\n",
      title, page_style, body_);
}

}  // namespace austeer
