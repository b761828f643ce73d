// SPDX-License-Identifier: Apache-2.0
// The schema of the ledger, and the migration of older ones. docs/ledger.md.
#pragma once

#include <soci/soci.h>

#include "core/result.h"

namespace carbon::ledger {

inline constexpr int kSchemaVersion = 10;

// Creates the tables or migrates them step by step; to be called in a transaction. A schema newer than kSchemaVersion is an
// error, and nothing is changed.
Status bring_up_to_date(soci::session& sql);

}  // namespace carbon::ledger
