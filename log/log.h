// SPDX-License-Identifier: Apache-2.0
// Logging of both daemons: one line per event on stderr, "2026-11-25T10:00:00.000Z level=info job=7 ...", without colours. Under
// systemd without the time, which the journal adds, and with the level as a prefix for the journal (sd-daemon(3)).
#pragma once

#include <string>

namespace carbon::log {

// `journal`: stderr goes to the journal.
void set_up_log(const std::string& name, bool verbose, bool journal);
// Whether stderr goes to the journal, by $JOURNAL_STREAM.
bool stderr_is_journal();

}  // namespace carbon::log
