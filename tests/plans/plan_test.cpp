// The file of a plan: round trip, and the refusal of plans that cannot be carried out.

#include "plans/plan.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <limits>

#include "base/files.hpp"
#include "tensors/safetensors.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

Plan small_plan() {
  Plan plan;
  plan.edits = {{Site::ffn, 0, Operation::scale, {1, 5, 6}, {0.5F, -2.0F, 1e-30F}},
                {Site::attention, 3, Operation::directed, {0}, {-8.0F}},
                {Site::layer, 3, Operation::scale, {7}, {0.0F}},
                {Site::layer, 3, Operation::add, {7, 9}, {1.0F, 2.0F}, Positions::last},
                {Site::ffn_gate, 1, Operation::set, {2}, {3.0F}, Positions::from_last_prompt},
                {Site::ffn, 0, Operation::clamp, {0, 1}, {0.0F, 2.0F}, Positions::last_prompt},
                {Site::ffn, 1, Operation::clamp, {0, 1}, {0.0F, 2.0F}, Positions::last_prompt}};
  plan.provenance = {{"model", "m1"}, {"k", 5}, {"ranking", {{"method", "austeer"}}}};
  return plan;
}

TEST(PlanFile, RoundTrip) {
  TemporaryFolder folder;
  for (const Plan& plan : {small_plan(), Plan{}}) {
    save_plan(plan, folder / "p.safetensors");
    const Plan loaded = load_plan(folder / "p.safetensors");
    EXPECT_EQ(loaded.edits, plan.edits);
    EXPECT_EQ(loaded.provenance, plan.provenance);
  }
  expect_refusal<FileError>([&] { load_plan(folder / "none"); }, "none");
}

TEST(Plan, CountsEachUnitOnceAndNoneThatIsClampedToItself) {
  // Five of the first three edits; (layer, 3, 9), (ffn_gate, 1, 2) and (ffn, 1, 1) are new.
  EXPECT_EQ(small_plan().units(), 8);
  EXPECT_EQ(Plan{}.units(), 0);
}

TEST(Plan, PositionsHaveNames) {
  for (const char* name : {"all", "last_prompt", "last", "from_last_prompt"}) {
    EXPECT_EQ(positions_name(parse_positions(name)), name);
  }
  EXPECT_EQ(parse_positions("last_prompt"), Positions::last_prompt);
  expect_refusal<UsageError>([] { parse_positions("last_promt"); }, "did you mean 'last_prompt'");
  expect_refusal<UsageError>([] { parse_positions(""); }, "unknown positions ''");
}

TEST(PlanFile, ImpossiblePlansAreNotSaved) {
  TemporaryFolder folder;
  const auto refuse = [&](const std::function<void(Edit&)>& change, const std::string& message) {
    Plan plan = small_plan();
    change(plan.edits[0]);
    expect_refusal<UsageError>([&] { save_plan(plan, folder / "p"); }, "edit 0 cannot be saved");
    expect_refusal<UsageError>([&] { save_plan(plan, folder / "p"); }, message);
  };
  refuse([](auto& e) { e.dims = {1, 1, 2}; }, "1 is followed by 1");
  refuse([](auto& e) { e.dims = {1, 3, 2}; }, "3 is followed by 2");
  refuse([](auto& e) { e.dims = {-1, 3, 4}; }, "the dim -1 is negative");
  refuse([](auto& e) { e.values.pop_back(); }, "3 dims, but 2 values");
  refuse([](auto& e) { e.values[1] = std::numeric_limits<float>::quiet_NaN(); }, "dim 5 is nan");
  refuse([](auto& e) { e.values[2] = std::numeric_limits<float>::infinity(); }, "dim 6 is inf");
  refuse([](auto& e) { e.layer = -1; }, "layer -1 is negative");
  refuse([](auto& e) { e.dims = {}, e.values = {}; }, "edits no unit");
  for (const Positions positions : {Positions::all, Positions::last, Positions::from_last_prompt}) {
    refuse([&](auto& e) { e.operation = Operation::clamp, e.positions = positions; },
           "clamp acts at last_prompt alone, not at " + positions_name(positions));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

using Tensors = std::vector<std::pair<std::string, at::Tensor>>;
using Metadata = std::map<std::string, std::string>;

TEST(PlanFile, TamperedFiles) {
  TemporaryFolder folder;
  save_plan(small_plan(), folder / "good");
  const auto refuse = [&](const std::function<void(Tensors&, Metadata&)>& tamper,
                          const std::string& message) {
    const SafetensorsFile file(folder / "good");
    Tensors tensors;
    for (const auto& [name, entry] : file.header().tensors) {
      tensors.emplace_back(name, file.tensor(name));
    }
    Metadata metadata = file.header().metadata;
    tamper(tensors, metadata);
    write_safetensors(folder / "bad.plan", tensors, metadata);
    expect_refusal<FormatError>([&] { load_plan(folder / "bad.plan"); }, message);
    expect_refusal<FormatError>([&] { load_plan(folder / "bad.plan"); }, "bad.plan");
  };
  const auto in_json = [](Metadata& metadata, const std::string& from, const std::string& to) {
    std::string& text = metadata.at("plan");
    const auto place = text.find(from);
    ASSERT_NE(place, std::string::npos) << from;
    text.replace(place, from.size(), to);
  };
  const auto part = [](Tensors& tensors, const std::string& name) -> at::Tensor& {
    for (auto& [key, tensor] : tensors) {
      if (key == name) return tensor;
    }
    throw std::logic_error(name);
  };

  refuse([](auto&, auto& m) { m.clear(); }, "not a plan");
  refuse([](auto&, auto& m) { m["format"] = "austeer ranking 1"; }, "found 'austeer ranking 1'");
  refuse([](auto&, auto& m) { m["format"] = "austeer plan 1"; }, "found 'austeer plan 1'");
  refuse([](auto&, auto& m) { m["format"] = "austeer plan 1"; },
         "Make the plan again from its ranking");
  refuse([](auto&, auto& m) { m["plan"] = "[1, 2"; }, "not valid JSON");
  refuse([](auto&, auto& m) { m["plan"] = "[]"; }, "an object");
  refuse([](auto&, auto& m) { m["plan"] = R"({"edits": 3, "provenance": {}})"; }, "a list");
  refuse([&](auto&, auto& m) { in_json(m, "\"scale\"", "\"scail\""); }, "unknown operation");
  refuse([&](auto&, auto& m) { in_json(m, "\"all\"", "\"al\""); },
         "edit 0: [plan] unknown positions 'al'");
  refuse([&](auto&, auto& m) { in_json(m, ",\"positions\":\"all\"", ""); }, "'positions'");
  refuse([&](auto&, auto& m) { in_json(m, "\"last_prompt\"", "\"last\""); },
         "edit 5: clamp acts at last_prompt alone, not at last");
  refuse([&](auto&, auto& m) { in_json(m, "\"ffn\"", "\"ffm\""); }, "did you mean 'ffn'");
  refuse([&](auto&, auto& m) { in_json(m, "\"layer\":0", "\"layer\":-4"); },
         "edit 0: the layer -4");
  refuse([&](auto&, auto& m) { in_json(m, "\"layer\":0", "\"layer\":0,\"dim\":1"); }, "key 'dim'");
  refuse([](auto& t, auto&) { t.pop_back(); }, "");
  refuse([](auto& t, auto&) { t.emplace_back("extra", at::zeros({1})); }, "no edit names");
  refuse([&](auto& t, auto&) { part(t, "edit.0.dims") = at::zeros({3}); }, "'edit.0.dims' has a");
  refuse([&](auto& t, auto&) { part(t, "edit.1.values") = at::zeros({1, 1}); }, "'edit.1.values'");
  refuse([&](auto& t, auto&) { part(t, "edit.0.dims")[2] = 5; }, "edit 0: dims must be distinct");
  refuse([&](auto& t, auto&) { part(t, "edit.0.values")[0] = std::nanf(""); }, "dim 1 is nan");
  refuse([&](auto& t, auto&) { part(t, "edit.0.values") = at::zeros({2}); }, "3 dims, but 2");
}

}  // namespace
}  // namespace austeer
