#include "documents/markup_text.hpp"

#include <fmt/format.h>
#include <unordered_map>

#include "base/utf8.hpp"

namespace austeer {

std::string html_text(std::string_view text) {
  std::string escaped;
  for (const char letter : repair_utf8(text)) {
    const auto byte = static_cast<unsigned char>(letter);
    switch (letter) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        if ((byte < 0x20 && letter != '\t' && letter != '\n' && letter != '\r') || byte == 0x7F) {
          escaped += "\uFFFD";
        } else {
          escaped += letter;
        }
    }
  }
  return escaped;
}

namespace {

using Commands = std::unordered_map<char32_t, std::string_view>;

/// ASCII that LaTeX reads as commands or sets as something else. Braces keep "[" and "*" from being
/// an argument of the "\\" before them.
const Commands& ascii_commands() {
  static const Commands commands = {
      {'\\', "\\textbackslash{}"},
      {'{', "\\{"},
      {'}', "\\}"},
      {'$', "\\$"},
      {'&', "\\&"},
      {'#', "\\#"},
      {'_', "\\_"},
      {'%', "\\%"},
      {'~', "\\textasciitilde{}"},
      {'^', "\\textasciicircum{}"},
      {'<', "\\textless{}"},
      {'>', "\\textgreater{}"},
      {'|', "\\textbar{}"},
      {'"', "''"},
      {'[', "{[}"},
      {']', "{]}"},
      {'*', "{*}"},
  };
  return commands;
}

/// What stands in mathematics, without its dollars.
const Commands& math_commands() {
  static const Commands commands = {
      {U'α', "\\alpha"},
      {U'β', "\\beta"},
      {U'γ', "\\gamma"},
      {U'δ', "\\delta"},
      {U'ε', "\\epsilon"},
      {U'ζ', "\\zeta"},
      {U'η', "\\eta"},
      {U'θ', "\\theta"},
      {U'ι', "\\iota"},
      {U'κ', "\\kappa"},
      {U'λ', "\\lambda"},
      {U'μ', "\\mu"},
      {U'µ', "\\mu"},
      {U'ν', "\\nu"},
      {U'ξ', "\\xi"},
      {U'ο', "o"},
      {U'π', "\\pi"},
      {U'ρ', "\\rho"},
      {U'ς', "\\varsigma"},
      {U'σ', "\\sigma"},
      {U'τ', "\\tau"},
      {U'υ', "\\upsilon"},
      {U'φ', "\\varphi"},
      {U'ϕ', "\\phi"},
      {U'χ', "\\chi"},
      {U'ψ', "\\psi"},
      {U'ω', "\\omega"},
      {U'Γ', "\\Gamma"},
      {U'Δ', "\\Delta"},
      {U'Θ', "\\Theta"},
      {U'Λ', "\\Lambda"},
      {U'Ξ', "\\Xi"},
      {U'Π', "\\Pi"},
      {U'Σ', "\\Sigma"},
      {U'Φ', "\\Phi"},
      {U'Ψ', "\\Psi"},
      {U'Ω', "\\Omega"},
      {U'−', "-"},
      {U'±', "\\pm"},
      {U'∓', "\\mp"},
      {U'×', "\\times"},
      {U'·', "\\cdot"},
      {U'⋅', "\\cdot"},
      {U'÷', "\\div"},
      {U'≤', "\\le"},
      {U'≥', "\\ge"},
      {U'≠', "\\ne"},
      {U'≈', "\\approx"},
      {U'≡', "\\equiv"},
      {U'∼', "\\sim"},
      {U'∞', "\\infty"},
      {U'∑', "\\sum"},
      {U'∏', "\\prod"},
      {U'√', "\\surd"},
      {U'∂', "\\partial"},
      {U'∇', "\\nabla"},
      {U'∈', "\\in"},
      {U'∉', "\\notin"},
      {U'∅', "\\emptyset"},
      {U'∀', "\\forall"},
      {U'∃', "\\exists"},
      {U'¬', "\\neg"},
      {U'∧', "\\wedge"},
      {U'∨', "\\vee"},
      {U'∩', "\\cap"},
      {U'∪', "\\cup"},
      {U'←', "\\leftarrow"},
      {U'→', "\\rightarrow"},
      {U'↑', "\\uparrow"},
      {U'↓', "\\downarrow"},
      {U'↔', "\\leftrightarrow"},
      {U'⇒', "\\Rightarrow"},
      {U'↳', "\\hookrightarrow"},
      {U'°', "^{\\circ}"},
      {U'⁰', "^{0}"},
      {U'¹', "^{1}"},
      {U'²', "^{2}"},
      {U'³', "^{3}"},
      {U'⁴', "^{4}"},
      {U'⁵', "^{5}"},
      {U'⁶', "^{6}"},
      {U'⁷', "^{7}"},
      {U'⁸', "^{8}"},
      {U'⁹', "^{9}"},
      {U'⁺', "^{+}"},
      {U'⁻', "^{-}"},
      {U'₀', "_{0}"},
      {U'₁', "_{1}"},
      {U'₂', "_{2}"},
      {U'₃', "_{3}"},
      {U'₄', "_{4}"},
      {U'₅', "_{5}"},
      {U'₆', "_{6}"},
      {U'₇', "_{7}"},
      {U'₈', "_{8}"},
      {U'₉', "_{9}"},
      {U'†', "\\dagger"},
      {U'‡', "\\ddagger"},
      {U'★', "\\star"},
      {U'•', "\\bullet"},
      {U'′', "\\prime"},
  };
  return commands;
}

/// Punctuation beyond ASCII, and the letters of Latin-1 that are none of its accented ones.
const Commands& text_commands() {
  static const Commands commands = {
      {U'\u00A0', "~"},
      {U'\u202F', "\\,"},
      {U'\u2009', "\\,"},
      {U'\u00AD', "\\-"},
      {U'\u2010', "-"},
      {U'\u2011', "-"},
      {U'–', "--"},
      {U'—', "---"},
      {U'‘', "`"},
      {U'’', "'"},
      {U'“', "``"},
      {U'”', "''"},
      {U'„', ",{},"},
      {U'…', "\\dots{}"},
      {U'§', "\\S{}"},
      {U'¶', "\\P{}"},
      {U'©', "\\copyright{}"},
      {U'£', "\\pounds{}"},
      {U'«', "$\\ll$"},
      {U'»', "$\\gg$"},
      {U'¡', "!{}`"},
      {U'¿', "?{}`"},
      {U'½', "$\\frac{1}{2}$"},
      {U'¼', "$\\frac{1}{4}$"},
      {U'¾', "$\\frac{3}{4}$"},
      {U'✓', "$\\surd$"},
      {U'✗', "$\\times$"},
  };
  return commands;
}

/// Accented and other letters that LaTeX composes in its default fonts.
bool is_plain_letter(char32_t value) {
  if (value < 0x80) return value >= 0x20 && value != 0x7F;
  if (value >= 0xC0 && value <= 0xFF) {
    // Eth and thorn are not in those fonts.
    return value != 0xD0 && value != 0xF0 && value != 0xDE && value != 0xFE;
  }
  return value == 0x160 || value == 0x161 || value == 0x178 || value == 0x17D || value == 0x17E ||
         value == 0x152 || value == 0x153 || value == 0x141 || value == 0x142;
}

/// Whether the two would be set as one: "--", "''", "``", "!`", "?`".
bool makes_ligature(char left, char right) {
  if (right == '-' || right == '\'') return left == right;
  return right == '`' && (left == '`' || left == '!' || left == '?');
}

std::string latex_code_point(char32_t value, std::string_view bytes) {
  if (const auto found = ascii_commands().find(value); found != ascii_commands().end()) {
    return std::string(found->second);
  }
  if (const auto found = math_commands().find(value); found != math_commands().end()) {
    return fmt::format("${}$", found->second);
  }
  if (const auto found = text_commands().find(value); found != text_commands().end()) {
    return std::string(found->second);
  }
  if (value < 0x20 || value == 0x7F) return " ";
  if (is_plain_letter(value)) return std::string(bytes);
  return fmt::format("{{[}}U+{:04X}{{]}}", static_cast<std::uint32_t>(value));
}

}  // namespace

std::string latex_text(std::string_view text) {
  std::string escaped;
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    const std::string next = latex_code_point(point.value, text.substr(position, point.length));
    if (!escaped.empty() && makes_ligature(escaped.back(), next.front())) escaped += "{}";
    escaped += next;
    position += point.length;
  }
  return escaped;
}

}  // namespace austeer
