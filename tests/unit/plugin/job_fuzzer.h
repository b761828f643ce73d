// SPDX-License-Identifier: Apache-2.0
// Random job descriptions and random snapshot files, for the fuzz test of job_submit: likely forms, edge values, and noise.
#pragma once

#include <slurm/slurm.h>

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace carbon::plugin {

using Random = std::mt19937_64;

// A description whose strings it owns, save those that job_submit replaced. Memory is malloc's, as the test's slurm_xfree wants.
class RandomJob {
 public:
  explicit RandomJob(Random& random);
  RandomJob(const RandomJob&) = delete;
  ~RandomJob();

  job_desc_msg_t desc;

 private:
  std::vector<char*> options_;
};

// What a file in the snapshot's place can be.
enum class SnapshotFile { kGood, kCut, kFlipped, kForged, kWrongVersion, kEmpty, kNoise, kDirectory, kMissing };
inline constexpr int kSnapshotFiles = 9;

// Puts one of that sort at `file`. kForged: fields overwritten at random and the checksum made right again.
void put_snapshot(const std::filesystem::path& file, SnapshotFile sort, Random& random);

}  // namespace carbon::plugin
