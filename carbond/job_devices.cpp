// SPDX-License-Identifier: Apache-2.0
// Which devices a job has: the table of devices, Slurm's list of GPUs, and the way from the one to the other. A JobRegistry's
// part.
#include <algorithm>
#include <tuple>

#include "carbond/job_registry.h"
#include "energy/device_files.h"

namespace carbon::carbond {
namespace {

// AMD's driver calls the GPU "GPU-<16 digits>" in ROCR_VISIBLE_DEVICES; here it is "GPU-amd-<16 digits>".
bool is_same_gpu(const std::string& id, const std::string& uuid) {
  constexpr std::string_view kAmd = "GPU-amd-";
  return id == uuid || (id.starts_with(kAmd) && uuid == "GPU-" + id.substr(kAmd.size()));
}

// Whether a GPU of the job is known by its position alone, and Slurm's list did not have that.
bool has_unnamed_gpu(const OpenJob& job) {
  const auto& [gpus, uuids] = std::tie(job.start.gpus, job.start.uuids);
  for (std::size_t k = 0; k < gpus.size(); ++k) {
    if ((k >= uuids.size() || uuids[k].empty()) && !job.gpus.contains(gpus[k])) return true;
  }
  return false;
}

// What a driver's devices have in common.
std::string driver_of(const energy::DeviceInfo& info) { return info.id.starts_with("GPU-amd-") ? "amd" : info.type; }

}  // namespace

void JobRegistry::add_device(const energy::DeviceInfo& info) {
  restore_device(info);
  devices_.at(info.id).describe(info);
  present_.insert(info.id);
  allocate_to_open_jobs();
}

void JobRegistry::restore_device(const energy::DeviceInfo& info) {
  devices_.try_emplace(info.id, info, settings_.profile_step, settings_.longest_step);
}

std::vector<std::string> JobRegistry::keep_only(const std::set<std::string>& found) {
  std::set<std::string> answering;
  for (const auto& id : found) answering.insert(driver_of(devices_.at(id).info()));
  std::vector<std::string> gone, forgotten;
  for (const auto& [id, device] : devices_) {
    if (!found.contains(id) && answering.contains(driver_of(device.info()))) gone.push_back(id);
  }
  for (const auto& id : gone) {
    present_.erase(id);
    if (std::any_of(jobs_.begin(), jobs_.end(), [&id](const auto& j) { return j.second.devices.contains(id); })) continue;
    devices_.erase(id);
    totals_.erase(id);
    idle_power_.erase(id);
    forgotten.push_back(id);
  }
  return forgotten;
}

void JobRegistry::set_gpu_list(std::vector<SlurmGpu> gpus) {
  gpu_list_ = std::move(gpus);
  no_gpu_list_.clear();
  allocate_to_open_jobs();
}

void JobRegistry::set_no_gpu_list(std::string why) {
  if (!gpu_list_) no_gpu_list_ = std::move(why);
}

bool JobRegistry::misses_device() const {
  if (present_.size() < devices_.size()) return true;
  return std::any_of(jobs_.begin(), jobs_.end(), [this](const auto& j) {
    const auto unmetered = j.second.end ? std::vector<Unmetered>() : allocated_to(j.second).unmetered;
    return std::any_of(unmetered.begin(), unmetered.end(),
                       [&](const auto& gpu) { return gpu.instance || j.second.gpus.contains(gpu.position); });
  });
}

bool JobRegistry::misses_position() const {
  return std::any_of(jobs_.begin(), jobs_.end(), [](const auto& j) { return has_unnamed_gpu(j.second); });
}

bool JobRegistry::waits_for_list(const OpenJob& job) const {
  const bool is_late = job.end->boot_id != boot_id_ || ticked_ >= job.end->since_boot + settings_.patience;
  return !gpu_list_ && (no_gpu_list_.empty() || !is_late) && has_unnamed_gpu(job);
}

// Once for each position: a later list may be of another order, and the job keeps its devices.
void JobRegistry::name_gpus(OpenJob& job) const {
  if (!gpu_list_) return;
  for (const auto position : job.start.gpus) {
    if (position < gpu_list_->size()) job.gpus.try_emplace(position, (*gpu_list_)[position]);
  }
}

void JobRegistry::allocate_to_open_jobs() {
  for (auto& [key, job] : jobs_) {
    if (!job.end || job.end->boot_id == boot_id_) allocate(key, job);
  }
}

// Gives the job those of its devices that it does not have yet, from its start on.
void JobRegistry::allocate(const std::string& key, OpenJob& job) {
  name_gpus(job);
  const auto allocated = allocated_to(job);
  for (const auto& [id, share] : allocated.devices) {
    const auto [device, is_new] = job.devices.try_emplace(id);
    if (!is_new) continue;
    device->second.profile = energy::Profile(settings_.profile_step);
    device->second.allocated = share;
    device->second.by_shards = allocated.by_shards.contains(id);
    const Duration until = job.end ? job.end->since_boot : Duration::max();
    add_slices(id, devices_.at(id).allocate({key, share, job.start.since_boot, until}));
  }
}

// The job's own devices come first: after a restart their numbers may be those of others.
const energy::DeviceInfo* JobRegistry::gpu_of_job(const OpenJob& job,
                                                  const std::function<bool(const energy::DeviceInfo&)>& is_it) const {
  for (const bool own : {true, false}) {
    for (const auto& [id, device] : devices_) {
      if (own ? !job.devices.contains(id) : !present_.contains(id)) continue;
      if (device.info().type == "gpu" && is_it(device.info())) return &device.info();
    }
  }
  return nullptr;
}

void JobRegistry::allocate_by_uuid(const OpenJob& job, const std::string& uuid, std::uint32_t position, Allocated& out) const {
  double share = job.start.mps_percent > 0 ? job.start.mps_percent / 100.0 : 1.0;
  const auto* gpu = gpu_of_job(job, [&](const auto& info) {
    if (is_same_gpu(info.id, uuid)) return true;
    const auto part = std::find_if(info.partitions.begin(), info.partitions.end(), [&](const auto& p) { return p.id == uuid; });
    if (part == info.partitions.end()) return false;
    share = part->share;
    return true;
  });
  if (gpu == nullptr) {
    out.unmetered.push_back({position, uuid, uuid + " has no meter", uuid.starts_with("MIG-")});
    return;
  }
  auto& allocated = out.devices[gpu->id];
  allocated = std::min(1.0, allocated + share);
  const auto listed = job.gpus.find(position);
  if (listed != job.gpus.end() && listed->second.shards > 0) out.by_shards.insert(gpu->id);
}

void JobRegistry::allocate_by_position(const OpenJob& job, std::uint32_t position, Allocated& out) const {
  const auto listed = job.gpus.find(position);
  if (listed == job.gpus.end()) {
    std::string why = "Slurm's list of this node's GPUs was not known in time";
    if (gpu_list_ && position >= gpu_list_->size()) {
      why = "Slurm's list of this node has " + std::to_string(gpu_list_->size()) + " GPUs";
    } else if (!no_gpu_list_.empty()) {
      why += ": " + no_gpu_list_;
    }
    const auto number = std::to_string(position);
    out.unmetered.push_back({position, "gpu-position-" + number, "GPU at position " + number + ": " + why, false});
    return;
  }
  const auto& files = listed->second.files;
  double share = 1.0;
  const auto* gpu = gpu_of_job(job, [&](const auto& info) {
    const auto part = energy::share_of(info, files);
    share = part.value_or(share);
    return part.has_value();
  });
  const bool instance = energy::is_partition(files);
  if (!instance && job.start.mps_percent > 0) share = job.start.mps_percent / 100.0;
  if (gpu == nullptr) {
    out.unmetered.push_back(
        {position, "gpu-" + energy::device_file_name(files.back()), files.back() + " has no meter", instance});
    return;
  }
  auto& allocated = out.devices[gpu->id];
  allocated = std::min(1.0, allocated + share);
  if (listed->second.shards > 0 && !instance && job.start.mps_percent == 0) out.by_shards.insert(gpu->id);
}

// MIG instances by their compute slices; GPUs whole, or by MPS percentage.
JobRegistry::Allocated JobRegistry::allocated_to(const OpenJob& job) const {
  Allocated out;
  const auto& start = job.start;
  if (start.event == JobMarkEvent::kEnd) return out;  // a run without a start mark is not charged
  if (start.cpus > 0) {
    for (const auto& [id, device] : devices_) {
      if (device.info().type == "gpu" || !(present_.contains(id) || job.devices.contains(id))) continue;
      out.devices[id] = std::min(1.0, static_cast<double>(start.cpus) / settings_.node_cpus);
    }
  }
  for (std::size_t k = 0; k < std::max(start.gpus.size(), start.uuids.size()); ++k) {
    const auto position = k < start.gpus.size() ? start.gpus[k] : static_cast<std::uint32_t>(k);
    if (k < start.uuids.size() && !start.uuids[k].empty()) {
      allocate_by_uuid(job, start.uuids[k], position, out);
    } else if (k < start.gpus.size()) {
      allocate_by_position(job, position, out);
    }
  }
  return out;
}

}  // namespace carbon::carbond
