// SPDX-License-Identifier: Apache-2.0
// How both daemons log: a line an event on stderr, "2026-11-25T10:00:00.000Z level=info job=7 ...". Never colours: a log is read
// by programs too. Under systemd without time and level: the journal has its own clock, and takes the level from a prefix
// (sd-daemon(3)).
#pragma once

#include <string>

namespace carbon::log {

// `journal`: stderr is the journal's.
void set_up_log(const std::string& name, bool verbose, bool journal);
// $JOURNAL_STREAM says so of stderr.
bool stderr_is_journal();

}  // namespace carbon::log
