// Whether a plan is taken for a model: by the fingerprints that it records, one by one.

#include <gtest/gtest.h>
#include <memory>

#include "runs/plan_choice.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::refusal;

constexpr const char* weights = "0123456789abcdef0123456789abcdef";
constexpr const char* other_weights = "fedcba9876543210fedcba9876543210";

/// Nothing but a fingerprint.
class MarkedTokenizer : public Tokenizer {
 public:
  std::vector<TokenId> encode_text(std::string_view /*text*/) const override { return {}; }
  std::string decode(std::span<const TokenId> /*ids*/) const override { return ""; }
  std::int64_t size() const override { return 0; }
  std::optional<TokenId> find(std::string_view /*piece*/) const override { return std::nullopt; }
  std::string fingerprint() const override { return "tokenizer-at-hand"; }
};

Model marked_model() {
  Model model;
  model.name = "at-hand";
  model.tokenizer = std::make_unique<MarkedTokenizer>();
  model.fingerprint = weights;
  return model;
}

Json origin(const Json& model, const Json& tokenizer) {
  return {{"names", {{"model", "recorded-name"}}},
          {"fingerprints", {{"model", model}, {"tokenizer", tokenizer}}}};
}

void check_both(const Json& provenance, bool force) {
  const Model model = marked_model();
  check_made_for(model, provenance, "a.ranking", force);
  check_made_for(model, {{"k", 3}, {"ranking", {{"provenance", provenance}}}}, "a.ranking", force);
}

TEST(PlanOrigin, TheSameModelIsTaken) { check_both(origin(weights, "tokenizer-at-hand"), false); }

TEST(PlanOrigin, WithoutFingerprintsItIsTaken) {
  for (const Json& provenance :
       {Json(), Json::object(), Json("by hand"), Json{{"ranking", 3}}, Json{{"fingerprints", 3}},
        Json{{"fingerprints", {{"task", "x"}}}}, origin(7, Json())}) {
    SCOPED_TRACE(to_text(provenance));
    check_both(provenance, false);
  }
}

TEST(PlanOrigin, AnotherModelIsRefusedByWhatDiffers) {
  const Model model = marked_model();
  const auto told = [&](const Json& provenance) {
    return refusal<UsageError>([&] { check_made_for(model, provenance, "a.ranking", false); });
  };
  EXPECT_EQ(told(origin(other_weights, "tokenizer-at-hand")),
            "[plan] a.ranking was made for another model: the fingerprint of the weights differs; "
            "expected weights 0123456789ab (at-hand); found weights fedcba987654 (recorded-name). "
            "Collect and rank with this model, or pass --force to use it on this one all the same");
  EXPECT_NE(told(origin(weights, "another")).find("the fingerprint of the tokenizer differs"),
            std::string::npos);
  const std::string both = told(origin(other_weights, "another"));
  EXPECT_NE(both.find("the fingerprint of the weights and tokenizer differs"), std::string::npos);
  EXPECT_NE(both.find("found weights fedcba987654 and tokenizer another (recorded-name)"),
            std::string::npos);
  const Json plan = {{"ranking", {{"provenance", origin(other_weights, "tokenizer-at-hand")}}}};
  EXPECT_NE(told(plan).find("the weights differs"), std::string::npos);
  EXPECT_NE(told({{"form", "ia3"}, {"plan", plan}}).find("the weights differs"), std::string::npos);
  EXPECT_NE(told({{"fingerprints", {{"model", other_weights}}}}).find("name is not recorded"),
            std::string::npos);
}

TEST(PlanOrigin, ForceTakesIt) { check_both(origin(other_weights, "another"), true); }

}  // namespace
}  // namespace austeer
