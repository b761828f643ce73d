// SPDX-License-Identifier: Apache-2.0
// In place of bulk_mariadb.cpp in a build without MariaDB.
#include <stdexcept>

#include "ledger/sql/bulk_writer.h"

namespace carbon::ledger {

bool has_mariadb() { return false; }

std::unique_ptr<BulkWriter> make_mariadb_writer(soci::session&, const BulkTable&) {
  throw std::logic_error("this build has no MariaDB");
}

}  // namespace carbon::ledger
