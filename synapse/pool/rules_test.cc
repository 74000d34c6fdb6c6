#include "synapse/pool/rules.h"

#include <gtest/gtest.h>

namespace synapse {
namespace {

using Condition = LabelFilter::Condition;

const Labels kLabels{{"az", "a"}, {"empty", ""}};

TEST(LabelFilter, OneOfWantsOneOfTheValues) {
  EXPECT_EQ((LabelFilter{"az", Condition::one_of, {"a"}}.why_not(kLabels)), std::nullopt);
  EXPECT_EQ((LabelFilter{"az", Condition::one_of, {"b", "a"}}.why_not(kLabels)), std::nullopt);
  EXPECT_EQ((LabelFilter{"empty", Condition::one_of, {""}}.why_not(kLabels)), std::nullopt);
  EXPECT_EQ((LabelFilter{"az", Condition::one_of, {"b", "A"}}.why_not(kLabels)), "label \"az\" is \"a\"");
  EXPECT_EQ((LabelFilter{"AZ", Condition::one_of, {"a"}}.why_not(kLabels)), "has no label \"AZ\"");
  EXPECT_EQ((LabelFilter{"rack", Condition::one_of, {""}}.why_not(kLabels)), "has no label \"rack\"");
}

TEST(LabelFilter, NoneOfAlsoPassesWithoutTheLabel) {
  EXPECT_EQ((LabelFilter{"az", Condition::none_of, {"b"}}.why_not(kLabels)), std::nullopt);
  EXPECT_EQ((LabelFilter{"rack", Condition::none_of, {"b"}}.why_not(kLabels)), std::nullopt);
  EXPECT_EQ((LabelFilter{"az", Condition::none_of, {"b", "a"}}.why_not(kLabels)), "label \"az\" is \"a\"");
}

TEST(LabelFilter, ExistsDoesNotLookAtTheValue) {
  EXPECT_EQ((LabelFilter{"empty", Condition::exists, {}}.why_not(kLabels)), std::nullopt);
  EXPECT_EQ((LabelFilter{"rack", Condition::exists, {}}.why_not(kLabels)), "has no label \"rack\"");
}

TEST(LabelFilter, TamesWhatItQuotes) {
  EXPECT_EQ((LabelFilter{"az", Condition::one_of, {"a"}}.why_not({{"az", "\xff\""}})), "label \"az\" is \"\\xff\\\"\"");
}

TEST(Preference, ComparesTheLabel) {
  const Preference prefer{"az", "a", std::nullopt};
  EXPECT_TRUE(prefer.is_near(kLabels));
  EXPECT_FALSE(prefer.is_near({{"az", "b"}}));
  EXPECT_FALSE(prefer.is_near({}));
}

}  // namespace
}  // namespace synapse
