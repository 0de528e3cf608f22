// Entries of a study: whose digests change with what an outcome hangs on and with nothing else, and
// whose outcomes come back as they were written.
#include "studies/entry.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

class EntryOf : public ::testing::Test {
 protected:
  EntryOf() { folder_.make(); }

  Study read(const std::string& text) const {
    write_file(home_ / "study.yaml", text);
    return read_study(home_ / "study.yaml");
  }

  static Entry find(const Study& study, const std::string& text) {
    for (const Entry& entry : entries_of(study)) {
      if (entry_text(entry) == text) return entry;
    }
    ADD_FAILURE() << "no entry " << text;
    return {};
  }

  std::string key(const std::string& text, const std::string& entry = "m, copa, A") const {
    const Study study = read(text);
    return outcome_key(study, find(study, entry));
  }

  const testing::TemporaryFolder home_;
  const StudyFolder folder_{home_ / "results"};
};

const std::string first_lines = "title: T\nmodels: [m]\ntasks: {copa: {items: 5}}\n";
const std::string one_method =
    "methods: {A: {rank: {site: ffn}, plan: {k: [1, 2]}, controls: [random]}}\n";

TEST_F(EntryOf, ItsKeyPassesOverWhatNoOutcomeHangsOn) {
  const std::string expected = key(first_lines + one_method);
  for (const std::string& same :
       {"title: Another\nquestion: Why?\nmodels: [m]\ntasks: {copa: {items: 5}}\n" + one_method,
        "title: T\nmodels: [n, m]\ntasks: {copa: {items: 5}}\n" + one_method,
        "title: T\nmodels: [m]\ntasks: {svamp: , copa: {items: 5}}\n" + one_method,
        first_lines + "methods: {Z: {}, A: {rank: {site: ffn}, plan: {k: [1, 2]}, "
                      "controls: [random]}}\n",
        first_lines + one_method + "run: {batch_tokens: 64, threads: 3}\n",
        first_lines + one_method + "table: {rows: variants, title: Other}\n",
        first_lines + one_method + "figures: [{name: bars, kind: accuracies}]\n",
        first_lines + one_method + "published: {m: {A: {copa: 50}}}\n",
        first_lines + one_method + "examples: {items: 1}\n",
        first_lines + one_method + "seeds: [0, 1, 2, 3, 4]\nselect: dev\nmax_tokens: 512\n"}) {
    EXPECT_EQ(key(same), expected) << same;
  }
}

TEST_F(EntryOf, ItsKeyChangesWithWhatItsOutcomeHangsOn) {
  const std::string same = key(first_lines + one_method);
  const auto changed = [&](const std::string& text, const std::string& entry = "m, copa, A") {
    EXPECT_NE(key(text, entry), same) << text;
  };
  changed("title: T\nmodels: [n]\ntasks: {copa: {items: 5}}\n" + one_method, "n, copa, A");
  for (const char* task : {"{items: 6}", "{items: 5, pairs: 9}", "{items: 5, dev_items: 9}",
                           "{items: 5, scoring: choices}", "{items: 5, test: dev}",
                           "{items: 5, max_new_tokens: 3}", "{items: 5, wrong_answer: next}"}) {
    changed(std::string("title: T\nmodels: [m]\ntasks: {copa: ") + task + "}\n" + one_method);
  }
  for (const char* keys : {"select: test\n", "race_share: 0.4\n", "seeds: [1]\n",
                           "max_tokens: 100\n", "void_pairs: drop\n"}) {
    changed(first_lines + one_method + keys);
  }
  for (const char* method : {"{rank: {site: ffn}, plan: {k: [1, 3]}, controls: [random]}",
                             "{rank: {site: ffn}, plan: {k: [1, 2, 3]}, controls: [random]}",
                             "{rank: {site: attention}, plan: {k: [1, 2]}, controls: [random]}",
                             "{rank: {site: ffn}, plan: {k: [1, 2]}, controls: [random, layer]}",
                             "{rank: {site: ffn}, plan: {k: [1, 2]}}"}) {
    changed(first_lines + "methods: {A: " + method + "}\n");
  }
}

TEST_F(EntryOf, TheUnsteeredModelHangsOnItsTaskAlone) {
  const std::string entry = "m, copa, vanilla";
  const std::string expected = key(first_lines, entry);
  EXPECT_EQ(key(first_lines + one_method + "select: test\nseeds: [1]\n", entry), expected);
  EXPECT_NE(key("title: T\nmodels: [m]\ntasks: {copa: {items: 6}}\n", entry), expected);
}

TEST_F(EntryOf, AnOutcomeComesBackAsItWasWritten) {
  const Study study = read(first_lines + one_method);
  const Entry entry = find(study, "m, copa, A");
  EXPECT_FALSE(read_outcome(folder_, study, entry));
  EntryOutcome outcome;
  outcome.choice = {{{"a", "b"}, 3, 1.0 / 3, "", 2}, {{"c"}, 0, 0, "it is NaN"}};
  outcome.chosen = 0;
  outcome.evaluations = 12;
  outcome.ranking = "r";
  outcome.tests = {{0, "", {}, "x"}, {0, "random", 7, "y"}};
  outcome.pairs = {{.left = 3, .asked = 4}};
  write_outcome(folder_, study, entry, outcome);
  const EntryOutcome found = read_outcome(folder_, study, entry).value();
  EXPECT_EQ(settings_json(found), settings_json(outcome));
  EXPECT_EQ(found.choice.at(1).failed, "it is NaN");
  EXPECT_EQ(found.choice[0].mean, 1.0 / 3);
  EXPECT_EQ(found.tests.at(1).seed, 7U);
  EXPECT_FALSE(found.tests[0].seed);
  EXPECT_EQ(found.pairs.value().asked, 4);
  EXPECT_FALSE(read_outcome(folder_, study, find(study, "m, copa, vanilla")));
}

TEST_F(EntryOf, ABrokenOutcomeIsRefused) {
  const Study study = read(first_lines + one_method);
  const Entry entry = find(study, "m, copa, A");
  const auto refused = [&](const EntryOutcome& outcome, const std::string& part) {
    write_outcome(folder_, study, entry, outcome);
    expect_refusal<FormatError>([&] { read_outcome(folder_, study, entry); }, part);
  };
  EntryOutcome outcome;
  outcome.chosen = 2;
  refused(outcome, "one of the grid's");
  outcome.chosen = 1;
  outcome.tests = {{2, "", {}, "x"}};
  refused(outcome, "variants of the grid");
  outcome.tests = {};
  outcome.choice = {{{"a", "b"}, 3, 0.5, "", 3}};
  refused(outcome, "as many draws as cells");
  outcome.choice = {};
  write_outcome(folder_, study, entry, outcome);
  EXPECT_EQ(read_outcome(folder_, study, entry).value().chosen, 1U);

  const std::filesystem::path file = folder_.outcome(outcome_key(study, entry));
  Json document = read_json(file);
  document["chosn"] = 1;
  write_file(file, to_text(document));
  expect_refusal<FormatError>([&] { read_outcome(folder_, study, entry); }, "chosn");
  document.erase("chosn");
  document.erase("tests");
  write_file(file, to_text(document));
  expect_refusal<FormatError>([&] { read_outcome(folder_, study, entry); }, "tests");
  write_file(file, "{\"schema\": 1");
  expect_refusal<FormatError>([&] { read_outcome(folder_, study, entry); }, file.string());
}

}  // namespace
}  // namespace austeer
