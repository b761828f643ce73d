// SPDX-License-Identifier: Apache-2.0
// The ledger's tables and how an older ledger is brought up to them. docs/ledger.md.
#pragma once

#include <soci/soci.h>

#include "core/result.h"

namespace carbon::ledger {

inline constexpr int kSchemaVersion = 6;

// Makes the tables or adds what is missing, step by step; to be called in a transaction. A schema of a later version than
// kSchemaVersion is an error: nothing is touched.
Status bring_up_to_date(soci::session& sql);

}  // namespace carbon::ledger
