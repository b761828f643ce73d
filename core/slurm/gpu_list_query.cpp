// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/gpu_list_query.h"

#include <algorithm>
#include <filesystem>
#include <thread>

namespace carbon::inline core {
namespace {

namespace fs = std::filesystem;

constexpr Duration kLookEvery = std::chrono::seconds(5);
constexpr Duration kTrySoon = std::chrono::seconds(2);
constexpr Duration kTryEvery = std::chrono::seconds(60);

}  // namespace

GpuListQuery::GpuListQuery(std::function<GpuList()> ask, std::function<std::string()> state_of_files)
    : ask_(std::move(ask)), state_of_files_(std::move(state_of_files)), wait_(kTrySoon) {}

void GpuListQuery::step(Duration now, bool missing) {
  bool due = (failed_ || missing) && now >= next_try_;
  if (!failed_ && !missing) wait_ = kTrySoon;
  std::optional<std::string> state;
  if (due || now >= next_look_) {
    next_look_ = now + kLookEvery;
    state = state_of_files_();
    due = due || state != asked_with_;
  }
  if (!due) return;
  {
    const std::lock_guard lock(shared_->mutex);
    if (std::exchange(shared_->asking, true)) return;
  }
  asked_with_ = std::move(state);
  next_try_ = now + wait_;
  wait_ = std::min(2 * wait_, kTryEvery);
  std::thread([shared = shared_, ask = ask_] {
    auto answer = ask();
    const std::lock_guard lock(shared->mutex);
    shared->answer = std::move(answer);
    shared->asking = false;
  }).detach();
}

std::optional<GpuList> GpuListQuery::answer() {
  const std::lock_guard lock(shared_->mutex);
  auto out = std::exchange(shared_->answer, std::nullopt);
  if (out) failed_ = !out->ok();
  return out;
}

std::string state_of_slurm_files(const std::string& slurm_conf) {
  std::vector<std::string> files;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(fs::path(slurm_conf).parent_path(), ec)) {
    std::error_code gone;
    const auto size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
    const auto changed = entry.last_write_time(gone).time_since_epoch().count();
    files.push_back(entry.path().string() + ' ' + std::to_string(size) + ' ' + std::to_string(changed) + '\n');
  }
  std::sort(files.begin(), files.end());
  std::string out = slurm_conf + '\n';
  for (const auto& file : files) out += file;
  return out;
}

}  // namespace carbon::inline core
