// SPDX-License-Identifier: Apache-2.0
// Fixture for tests of the daemon as a process: a munged, a carbonctld not yet started, and records of the ledger's tests.
#pragma once

#include <memory>

#include "tests/support/ledger_fixture.h"
#include "tests/support/local_carbonctld.h"
#include "tests/support/local_munged.h"

namespace carbon::carbonctld {

class CarbonctldTest : public ledger::LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    store_.reset();
    if (!munged_.running()) GTEST_SKIP() << "munged does not start here (Debian package munge)";
    daemon_ = std::make_unique<LocalCarbonctld>(dir_, munged_.socket());
  }
  void TearDown() override {
    daemon_.reset();
    LedgerTest::TearDown();
  }

  test::LocalMunged munged_;
  std::unique_ptr<LocalCarbonctld> daemon_;
};

}  // namespace carbon::carbonctld
