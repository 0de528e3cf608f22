#include "studies/study.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "studies/entry.hpp"
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
  EXPECT_EQ(study.seeds, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(study.methods.empty());
}

TEST_F(StudyFile, KeepsItsTextAndWhatItIncludes) {
  write("title: T\nmodels: [m]\n", "common.yaml");
  const Study alone = read_study(write(head));
  EXPECT_EQ(alone.text, head);
  EXPECT_EQ(alone.merged, "");
  const Study study = read_study(write("include: common.yaml\ntasks: {copa: }\n"));
  EXPECT_EQ(study.text, "include: common.yaml\ntasks: {copa: }\n");
  EXPECT_EQ(study.merged,
            "{\n  \"title\": \"T\",\n  \"models\": [\n    \"m\"\n  ],\n  \"tasks\": {\n    "
            "\"copa\": null\n  }\n}");
}

TEST_F(StudyFile, ShowsExamplesOfAllMethodsControlsLast) {
  const std::string methods =
      "methods:\n  Random: {plan: {control: random}}\n  A: {}\n  B: {plan: {alpha: 2}}\n";
  const auto names = [&](const std::string& more) {
    const Study study = read_study(write(head + methods + more));
    std::vector<std::string> all;
    for (const StudyMethod* method : study.examples.methods) all.push_back(method->name);
    return all;
  };
  EXPECT_EQ(names(""), (std::vector<std::string>{"A", "B", "Random"}));
  EXPECT_EQ(names("examples: {items: 5, methods: [B]}\n"), (std::vector<std::string>{"B"}));
  refuses(head + methods + "examples: {methods: [C]}\n", "no method 'C'");
  refuses(head + methods + "examples: {items: -1}\n", "0 or more");
  refuses(head + methods + "examples: {item: 1}\n", "items");
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
  const Study study =
      read_study(write(head + "methods: {C: {rank: {method: caa}}, A: {plan: {k: 4}}, D: {}}\n"));
  EXPECT_EQ(study.methods[0].variants[0].sites, std::vector<std::string>{"layer"});
  EXPECT_EQ(study.methods[1].variants[0].sites, std::vector<std::string>{"ffn"});
  EXPECT_EQ(study.methods[2].variants[0].sites, std::vector<std::string>{"ffn"});
}

const std::string two_of_each = "title: T\nmodels: [m, n]\ntasks: {copa: , svamp: }\n";

TEST_F(StudyFile, AMethodRunsOnTheTasksThatItNames) {
  const Study study = read_study(write(two_of_each + "methods: {A: {tasks: [svamp]}, B: {}}\n"));
  std::vector<std::string> texts;
  for (const Entry& entry : entries_of(study)) {
    if (entry.model == "m") texts.push_back(entry_text(entry));
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"m, copa, vanilla", "m, copa, B", "m, svamp, vanilla",
                                             "m, svamp, A", "m, svamp, B"}));
  EXPECT_TRUE(study.has_method_on("copa"));
}

TEST_F(StudyFile, SettingsAreThoseOfOneModelAndTask) {
  const Study study = read_study(write(
      two_of_each +
      "methods:\n"
      "  A:\n"
      "    rank: {site: ffn}\n"
      "    plan: {k: 16, alpha: [1, 2]}\n"
      "    settings: {n: {copa: {rank: {site: attention}, plan: {k: 4}}}, other: {x: {}}}\n"));
  const auto on = [&](const std::string& model, const std::string& task) {
    return *study.method_on(model, task, study.methods.at(0));
  };
  EXPECT_EQ(on("n", "copa").variants.at(1).recipe.k, 4);
  EXPECT_EQ(on("n", "copa").variants[1].recipe.alpha, 2);
  EXPECT_EQ(on("n", "copa").variants[1].sites, std::vector<std::string>{"attention"});
  for (const auto& [model, task] : {std::pair{"m", "copa"}, {"m", "svamp"}, {"n", "svamp"}}) {
    EXPECT_EQ(on(model, task).variants.at(1).recipe.k, 16) << model << " " << task;
    EXPECT_EQ(on(model, task).variants[1].sites, std::vector<std::string>{"ffn"});
  }
}

TEST_F(StudyFile, RefusesSettingsThatDoNotFit) {
  const auto says = [&](const std::string& method, const std::string& part) {
    refuses(two_of_each + "methods: {A: " + method + "}\n", part);
  };
  says("{tasks: [svmp]}", "did you mean 'svamp'");
  says("{tasks: [gsm8k]}", "runs on none of the study's tasks");
  says("{settings: {m: {cop: {plan: {k: 4}}}}}", "did you mean 'copa'");
  says("{settings: {m: {copa: {plan: {kk: 4}}}}}", "'kk'");
  says("{settings: {m: {copa: 3}}}", "copa");
  says("{plan: {k: [4, 16]}, settings: {m: {copa: {plan: {k: 4}}}}}", "change an axis");
  says("{plan: {k: 4}, settings: {m: {copa: {plan: {k: [4, 16]}}}}}", "change an axis");
  says("{tasks: svamp}", "tasks");
  refuses(two_of_each + "select: none\nmethods: {A: {controls: [random]}}\n",
          "with select: none nothing is");
}

TEST_F(StudyFile, ARangeHoldsTheLayersOfEachModel) {
  // 30 and 24 layers, as configs/models/ says of models that need not be here.
  const Study study = read_study(
      write("title: T\nmodels: [smollm2-135m-instruct, qwen2.5-coder-0.5b-instruct]\n"
            "tasks: {copa: }\n"
            "methods: {C: {rank: {method: caa}, plan: {layer: 0..-1 by 2, alpha: 1}}}\n"));
  const auto layers = [&](const std::string& model) {
    std::vector<std::int64_t> found;
    for (const Variant& variant : study.method_on(model, "copa", study.methods.at(0))->variants) {
      found.push_back(variant.recipe.layer.value());
    }
    return found;
  };
  EXPECT_EQ(layers("smollm2-135m-instruct").size(), 15U);
  EXPECT_EQ(layers("smollm2-135m-instruct").back(), 28);
  EXPECT_EQ(layers("qwen2.5-coder-0.5b-instruct").size(), 12U);
  EXPECT_EQ(layers("qwen2.5-coder-0.5b-instruct").back(), 22);
  const auto says = [&](const std::string& range, const std::string& part) {
    refuses(
        "title: T\nmodels: [smollm2-135m-instruct]\ntasks: {copa: }\nmethods: {C: {rank: "
        "{method: caa}, plan: {layer: " +
            range + "}}}\n",
        part);
  };
  says("0..-1 by 0", "holds no layer");
  says("0..30", "layers from 0 to 29");
  says("5..3", "holds no layer");
  says("-31..-1", "holds no layer");
  says("all", "0..-1 by 2");
  says("0..x", "0..-1 by 2");
  refuses(
      "title: T\nmodels: [nobody-knows]\ntasks: {copa: }\n"
      "methods: {C: {rank: {method: caa}, plan: {layer: 0..-1}}}\n",
      "nobody-knows");
}

TEST_F(StudyFile, SeedsAreInAKeyOnlyWhereSomethingIsDrawn) {
  const auto keys = [&](const std::string& more) {
    const Study study = read_study(write(head + more));
    std::vector<std::string> found;
    for (const Entry& entry : entries_of(study)) found.push_back(outcome_key(study, entry));
    return found;
  };
  const std::string methods =
      "methods: {A: {plan: {k: 4}}, B: {plan: {k: 4}, controls: [layer]}}\n";
  const auto by_default = keys(methods), one = keys(methods + "seeds: [0]\n");
  EXPECT_EQ(by_default.at(1), one.at(1));
  EXPECT_NE(by_default.at(2), one.at(2));
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

TEST_F(StudyFile, RunsAsTheCommandLineSaysWhereItSaysSo) {
  const auto file = write(head + "run: {device: cuda, offload: true, threads: 2, passes: plain}\n");
  const Study study = open_study(file, {{"offload", false}, {"threads", 3}, {"dtype", "float16"}});
  EXPECT_EQ(study.run.device, "cuda");
  EXPECT_FALSE(study.run.offload);
  EXPECT_EQ(study.run.threads, 3);
  EXPECT_EQ(study.run.dtype, "float16");
  EXPECT_EQ(study.run.engine.passes, PassKind::plain);
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
  says("run: {devise: cuda}\n", "did you mean 'device'");
  says("run: {model: m}\n", "unknown key 'model'");
  says("methods: {A: {plan: {seed: 3}}}\n", "unknown key 'seed'");
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
