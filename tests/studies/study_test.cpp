#include "studies/study.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

class StudyFile : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& text, const std::string& name = "study.yaml") {
    write_file(folder_.path() / name, text);
    return folder_.path() / name;
  }

  /// Expects that a study of this text is refused with `part` in the message.
  void refuses(const std::string& text, const std::string& part) {
    testing::expect_refusal<Error>([&] { read_study(write(text)); }, part);
  }

  testing::TemporaryFolder folder_;
};

const std::string head = "title: T\nmodels: [m]\ntasks: {copa: }\n";

TEST_F(StudyFile, HasDefaults) {
  const Study study = read_study(write(head));
  ASSERT_EQ(study.tasks.size(), 1U);
  EXPECT_EQ(study.tasks[0].task, "copa");
  EXPECT_EQ(study.tasks[0].pairs, 1000);
  EXPECT_EQ(study.select, Selection::dev);
  EXPECT_EQ(study.seeds, std::vector<std::uint64_t>{0});
  EXPECT_TRUE(study.methods.empty());
}

TEST_F(StudyFile, ExpandsAGridWithTheLastAxisFastest) {
  const Study study = read_study(
      write(head + "methods:\n"
                   "  A:\n"
                   "    rank: {site: [attention, 'attention,ffn'], set: {score: effect}}\n"
                   "    plan: {k: [4, 16], alpha: 2, rule: directed}\n"
                   "    controls: [random, layer]\n"));
  const StudyMethod& method = study.methods.at(0);
  ASSERT_EQ(method.variants.size(), 4U);
  EXPECT_EQ(method.axes, (std::vector<std::string>{"rank.site", "plan.k"}));
  EXPECT_EQ(method.variants[1].sites, std::vector<std::string>{"attention"});
  EXPECT_EQ(method.variants[1].recipe.k, 16);
  EXPECT_EQ(method.variants[2].sites, (std::vector<std::string>{"attention", "ffn"}));
  EXPECT_EQ(method.variants[2].recipe.k, 4);
  EXPECT_EQ(method.variants[3].recipe.rule, Rule::directed);
  EXPECT_EQ(method.variants[3].settings.at("score"), "effect");
  EXPECT_EQ(variant_text(method.variants[3], method.axes), "site attention,ffn, k 16");
  EXPECT_EQ(axis_value(method.variants[3], "plan.alpha"), 2);
  EXPECT_EQ(method.controls, (std::vector<Control>{Control::random, Control::layer}));
}

TEST_F(StudyFile, AMethodWithoutSitesHasItsOwn) {
  const Study study = read_study(write(head + "methods: {C: {rank: {method: caa}}}\n"));
  EXPECT_EQ(study.methods[0].variants[0].sites, std::vector<std::string>{"layer"});
}

TEST_F(StudyFile, IncludesWhatItsOwnKeysOverride) {
  write("models: [one, two]\nrun: {dtype: float32, threads: 2}\n", "base.yaml");
  write("include: base.yaml\nrun: {threads: 3}\nselect: none\n", "more.yaml");
  const Study study =
      read_study(write("include: [more.yaml]\ntitle: T\ntasks: {copa: }\nselect: race\n"));
  EXPECT_EQ(study.models.size(), 2U);
  EXPECT_EQ(study.run.dtype, "float32");
  EXPECT_EQ(study.run.threads, 3);
  EXPECT_EQ(study.select, Selection::race);
}

TEST_F(StudyFile, RefusesACircleOfIncludes) {
  write("include: study.yaml\n", "other.yaml");
  refuses("include: other.yaml\n" + head, "includes itself");
}

TEST_F(StudyFile, RefusesWhatItDoesNotKnowWithTheNearestThatItDoes) {
  const auto says = [&](const std::string& text, const std::string& part) {
    refuses(head + text, part);
  };
  says("methdos: {}\n", "methods");
  says("select: deb\n", "dev");
  says("methods: {A: {rank: {methd: austeer}}}\n", "method");
  says("methods: {A: {rank: {method: auster}}}\n", "austeer");
  says("methods: {A: {plan: {alhpa: 2}}}\n", "alpha");
  says("methods: {A: {plan: {rule: direct}}}\n", "directed");
  says("methods: {A: {rank: {site: atention}}}\n", "attention");
  says("methods: {A: {controls: [randm]}}\n", "random");
  says("methods: {vanilla: {}}\n", "always there");
  says("methods: {A: {plan: {k: []}}}\n", "empty");
  says("seeds: []\n", "at least one");
  says("race_share: 0\n", "above 0");
  says("run: {batch_tokens: 0}\n", "at least 1");
}

TEST_F(StudyFile, RefusesImpossibleNumbersOfATask) {
  const auto says = [&](const std::string& task, const std::string& part) {
    refuses("title: T\nmodels: [m]\ntasks: {copa: " + task + "}\n", part);
  };
  says("{pairs: 0}", "pairs");
  says("{dev_items: -1}", "dev_items");
  says("{items: 0}", "items");
  says("{scoring: choice}", "choices");
  says("{itmes: 3}", "items");
}

}  // namespace
}  // namespace austeer
