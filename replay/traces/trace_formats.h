// SPDX-License-Identifier: Apache-2.0
// The three readers behind read_trace, each from the first line to the end of the file.
#pragma once

#include "replay/traces/line_reader.h"
#include "replay/traces/trace.h"

namespace carbon::replay {

// Header `arrival_time,length,cpus|gpus`, in any order, and optionally id, limit, user, home, data_gb; others are ignored.
Result<Trace> read_csv_jobs(LineReader& lines, const TraceOptions& options);
// Standard Workload Format: fields 1 id, 2 submit, 4 run time, 5 processors (else 8 requested), 9 requested time, 12 user.
Result<Trace> read_swf_jobs(LineReader& lines);
// `sacct -P` with JobIDRaw or JobID, Submit, and ElapsedRaw, Elapsed or Start and End, and AllocTRES, AllocGRES, AllocCPUS or
// NCPUS; optionally State, User, TimelimitRaw or Timelimit. Job steps are left out, and so are jobs that have not ended. Each run
// of a requeued job counts. Where any job has GPUs, width counts GPUs and jobs without are left out. Times are UTC unless they
// have an offset or are seconds since 1970 (SLURM_TIME_FORMAT=%s).
Result<Trace> read_sacct_jobs(LineReader& lines);

// From seconds, hours, ... to ms; refuses what is negative or longer than a thousand years.
Result<Duration> to_duration(double value, double ms_per_unit);

}  // namespace carbon::replay
