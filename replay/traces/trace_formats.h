// SPDX-License-Identifier: Apache-2.0
// The three readers behind read_trace. Each gets the first line, already read, and goes on to the end of the file.
#pragma once

#include "replay/traces/line_reader.h"
#include "replay/traces/trace.h"

namespace carbon::replay {

// Header `arrival_time,length,cpus|gpus`, in any order, and optionally id, limit, user, home, data_gb; others are ignored.
Result<Trace> read_csv_jobs(LineReader& lines, std::string line, const TraceOptions& options);
// Standard Workload Format: fields 1 id, 2 submit, 4 run time, 5 processors (else 8 requested), 9 requested time, 12 user.
Result<Trace> read_swf_jobs(LineReader& lines, std::string line);
// `sacct -P` with Submit, and ElapsedRaw, Elapsed or Start and End, and AllocTRES, AllocCPUS or NCPUS; optionally JobIDRaw or
// JobID, User, TimelimitRaw or Timelimit. Job steps are left out. Where any job has GPUs, width counts GPUs and jobs without are
// skipped.
Result<Trace> read_sacct_jobs(LineReader& lines, std::string line);

// From seconds, hours, ... to ms; refuses what is negative or longer than a thousand years.
Result<Duration> to_duration(double value, double ms_per_unit);

}  // namespace carbon::replay
