// SPDX-License-Identifier: Apache-2.0
// submit_burst MODE LATER: for each line of its input, a number, submits that many batch jobs of one GPU through libslurm, one
// behind the other, and prints how many seconds that took; with a begin time so many seconds from now where LATER is not 0.
// sbatch would spend most of the time on starting its process. For submit_rate.py.
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

namespace {

bool submit(char* option, std::time_t begin) {
  char name[] = "burst", script[] = "#!/bin/sh\nsleep 60\n", directory[] = "/tmp", nowhere[] = "/dev/null";
  char gpus[] = "gres:gpu:1", variable[] = "PATH=/usr/bin:/bin";
  char* environment[] = {variable};
  char* options[] = {option};
  job_desc_msg_t job;
  slurm_init_job_desc_msg(&job);
  job.name = name;
  job.script = script;
  job.work_dir = directory;
  job.std_out = job.std_err = nowhere;
  job.environment = environment;
  job.env_size = 1;
  job.spank_job_env = options;
  job.spank_job_env_size = 1;
  job.tres_per_node = gpus;
  job.time_limit = 60;
  job.begin_time = begin;
  job.min_nodes = 1;
  job.user_id = ::getuid();
  job.group_id = ::getgid();
  submit_response_msg_t* answer = nullptr;
  if (slurm_submit_batch_job(&job, &answer) != SLURM_SUCCESS) {
    std::fprintf(stderr, "submit_burst: %s\n", slurm_strerror(slurm_get_errno()));
    return false;
  }
  slurm_free_submit_response_response_msg(answer);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "submit_burst MODE LATER\n");
    return 2;
  }
  slurm_init(nullptr);
  std::string option = std::string("_SLURM_SPANK_OPTION_carbon_carbon=") + argv[1];
  const auto later = std::atol(argv[2]);
  for (int jobs = 0; std::scanf("%d", &jobs) == 1;) {
    const std::time_t begin = later == 0 ? 0 : std::time(nullptr) + later;
    const auto start = std::chrono::steady_clock::now();
    for (int left = jobs; left > 0; --left) {
      if (!submit(option.data(), begin)) return 1;
    }
    std::printf("%.6f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    std::fflush(stdout);
  }
  return 0;
}
