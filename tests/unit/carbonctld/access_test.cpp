// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/access.h"

#include <gtest/gtest.h>

#include "tests/support/fake_slurm.h"

namespace carbon::carbonctld {
namespace {

TEST(Access, AnUnreportedPrivateDataOfSlurmdbdIsTakenFromTheConfiguration) {
  FakeSlurm slurm;
  slurm.rights_of["ada"].privacy = Privacy{false, true, false, false};
  slurm.rights_of["bob"] = {};
  UserRightsCache cache(slurm, {true, false, false, false});
  EXPECT_EQ(cache.of("ada", Instant{})->privacy, (Privacy{false, true, false, false}));
  EXPECT_EQ(cache.of("bob", Instant{})->privacy, (Privacy{true, false, false, false}));
}

TEST(Access, WithoutAnyPrivateDataEverythingIsHidden) {
  const SlurmSettings open;
  SlurmRights rights;
  EXPECT_EQ(visible_to("bob", QueryKind::kJobs, open, rights)->user, "bob");
  rights.privacy = Privacy();
  EXPECT_FALSE(visible_to("bob", QueryKind::kJobs, open, rights));
  rights.privacy.reset();
  rights.operates = true;
  EXPECT_FALSE(visible_to("bob", QueryKind::kJobs, open, rights));
}

TEST(Access, PrivateDataAsItIsWritten) {
  EXPECT_EQ(privacy_of(""), Privacy());
  EXPECT_EQ(privacy_of("none"), Privacy());
  EXPECT_EQ(privacy_of("Jobs,nodes,users"), (Privacy{true, false, true, false}));
  EXPECT_EQ(privacy_of("accounts,usage"), (Privacy{false, true, false, true}));
  EXPECT_EQ(privacy_of("all"), (Privacy{true, true, true, true}));
}

}  // namespace
}  // namespace carbon::carbonctld
