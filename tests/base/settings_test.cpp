// A description's visitors: reading, writing, some fields over others, digests.
#include "base/settings.hpp"

#include <gtest/gtest.h>

#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

enum class Colour { red, dark_blue };

constexpr auto enum_table(Colour) {
  return EnumTable{
      "paint", "colour",
      std::array{std::pair{"red", Colour::red}, std::pair{"dark_blue", Colour::dark_blue}}};
}

enum class Coat { thin, thick };

constexpr auto enum_table(Coat) {
  return EnumTable{"paint", "coat",
                   std::array{std::pair{"thin", Coat::thin}, std::pair{"thick", Coat::thick}}};
}

}  // namespace

template <>
struct JsonForm<Coat> : UsageJsonForm<Coat> {};

namespace {

struct Brush {
  std::int64_t width = 3;
  std::vector<Colour> colours = {Colour::red};
};

struct Corner {
  double x = 0;
  double y = 0;
};

struct Canvas {
  std::string name;
  Brush brush;
  std::optional<Colour> ground;
  std::optional<std::int64_t> layers;
  std::optional<Coat> coat;
  bool glossy = false;
  std::vector<Corner> corners;
  std::map<std::string, std::string> labels;
  std::filesystem::path file;
};

void describe(auto& visit, SettingsOf<Corner> auto& corner) {
  visit(corner.x, {.key = "x", .required = true});
  visit(corner.y, {.key = "y", .required = true});
}

void describe(auto& visit, SettingsOf<Brush> auto& brush) {
  visit(brush.width, {.key = "width", .least = 1, .most = 9});
  visit(brush.colours, {.key = "colours", .filled = true});
}

void describe(auto& visit, SettingsOf<Canvas> auto& canvas) {
  visit(canvas.name, {.key = "name", .required = true});
  describe(visit, canvas.brush);
  visit(canvas.ground, {.key = "ground"});
  visit(canvas.layers, {.key = "layers", .written = Written::always});
  visit(canvas.coat, {.key = "coat"});
  visit(canvas.glossy, {.key = "glossy", .written = Written::unless_default});
  visit(canvas.corners, {.key = "corners"});
  visit(canvas.labels, {.key = "labels", .in_digest = false});
  visit(canvas.file, {.key = "file", .written = Written::never});
}

Canvas read(const std::string& text, const Canvas& over = {}, std::set<std::string> but = {}) {
  const Json json = parse_json(text, "c.json");
  Fields fields(json, "c.json");
  Canvas canvas = over;
  read_settings(fields, canvas, std::move(but));
  return canvas;
}

constexpr const char* full =
    R"({"name":"n","width":9,"colours":["dark_blue","red"],"ground":"red","layers":2,)"
    R"("coat":"thick","glossy":true,"corners":[{"x":1.0,"y":2.5}],"labels":{"a":"b"}})";

TEST(Settings, AreReadAsTheyAreWritten) {
  const Canvas canvas = read(full);
  EXPECT_EQ(canvas.ground, Colour::red);
  EXPECT_EQ(canvas.coat, Coat::thick);
  EXPECT_EQ(canvas.corners.at(0).y, 2.5);
  EXPECT_EQ(to_text(settings_json(canvas)), full);
}

TEST(Settings, HaveTheDefaultsOfTheirMembers) {
  EXPECT_EQ(to_text(settings_json(read(R"({"name": "n", "file": "x", "layers": null})"))),
            R"({"name":"n","width":3,"colours":["red"],"layers":null,"corners":[],"labels":{}})");
}

TEST(Settings, ThatAreGivenStandOverOthers) {
  const Canvas merged = read(R"({"name": "m", "width": 5})", read(full));
  EXPECT_EQ(merged.name, "m");
  EXPECT_EQ(merged.brush.width, 5);
  EXPECT_EQ(merged.brush.colours.at(0), Colour::dark_blue);
  EXPECT_TRUE(merged.glossy);
}

TEST(Settings, TakeAListOrATextWithCommas) {
  EXPECT_EQ(read(R"({"name": "n", "colours": "dark_blue,red"})").brush.colours,
            (std::vector<Colour>{Colour::dark_blue, Colour::red}));
}

TEST(Settings, AreRefusedByPlaceAndKey) {
  const auto refused = [](const std::string& more, const std::string& message) {
    expect_refusal<FormatError>([&] { read(R"({"name": "n", )" + more + "}"); }, message);
  };
  refused(R"("wdth": 1)", "c.json: unknown key 'wdth'. did you mean 'width'?");
  refused(R"("width": 0)", "c.json: the key 'width' has a wrong value; expected at least 1");
  refused(R"("width": 10)", "expected at most 9; found 10");
  refused(R"("width": 1.5)", "expected a whole number");
  refused(R"("ground": "rad")", "c.json: [paint] unknown colour 'rad'. did you mean 'red'?");
  refused(R"("ground": 3)", "expected a text");
  refused(R"("colours": [])", "expected at least one; found []");
  refused(R"("corners": {})", "c.json: corners; expected a list");
  refused(R"("corners": [{"x": 1}])", "c.json: corners[0]: the key 'y' is missing");
  refused(R"("corners": [{"x": 1, "y": 1, "z": 1}])", "c.json: corners[0]: unknown key 'z'");
  expect_refusal<UsageError>([] { read(R"({"name": "n", "coat": "thck"})"); },
                             "[paint] unknown coat 'thck'. did you mean 'thick'?");
  expect_refusal<FormatError>([] { read("{}"); }, "c.json: the key 'name' is missing");
  expect_refusal<FormatError>([] { read(R"({"name": "n", "width": 1})", {}, {"width"}); },
                              "unknown key 'width'");
}

TEST(Settings, TellThingsApartWithoutWhatOnlyNamesThem) {
  const Canvas named = read(full);
  Canvas other = named;
  other.labels.clear();
  EXPECT_EQ(identity_json(named), identity_json(other));
  other.brush.width = 1;
  EXPECT_NE(identity_json(named), identity_json(other));
}

TEST(Enumerations, AreReadAndListedByTheirTable) {
  EXPECT_EQ(enum_name(Colour::dark_blue), "dark_blue");
  EXPECT_EQ(enum_value<Colour>("red"), Colour::red);
  EXPECT_EQ(enum_list<Colour>(), "red, dark_blue");
  EXPECT_EQ(enum_list<Colour>("|"), "red|dark_blue");
  expect_refusal<UsageError>([] { enum_value<Colour>("dark_blu"); },
                             "[paint] unknown colour 'dark_blu'. did you mean 'dark_blue'?");
}

}  // namespace
}  // namespace austeer
