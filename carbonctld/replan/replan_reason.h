// SPDX-License-Identifier: Apache-2.0
// Why re-planning changes a job, or leaves it as it is planned.
#pragma once

#include <cstdint>
#include <string_view>

namespace carbon::carbonctld {

enum class Reason : std::uint8_t {
  kAsPlanned,  // unchanged
  kLessCarbon,
  kRoomForOthers,  // of a proposed move only: later it becomes kOthersNeedTime or the job stays
  kOthersNeedTime,
  kNothingToGain,
  kTooManyIdle,
  kLongQueue,
  kNearLatestStart,
  kUserChoice,
  kRefusedByCluster
};

// A label of the metric carbon_replan_changes_total, and a text of the log and of `scarbon queue`.
constexpr std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::kAsPlanned: return "as planned";
    case Reason::kLessCarbon: return "less carbon";
    case Reason::kRoomForOthers: return "makes room for other jobs";
    case Reason::kOthersNeedTime: return "other jobs save more at its time";
    case Reason::kNothingToGain: return "deferral no longer saves anything";
    case Reason::kTooManyIdle: return "too many GPUs would be idle";
    case Reason::kLongQueue: return "the queue is long";
    case Reason::kNearLatestStart: return "its latest start is near";
    case Reason::kUserChoice: return "the user chose its time or place";
    case Reason::kRefusedByCluster: return "another cluster has refused it";
  }
  return "";
}

}  // namespace carbon::carbonctld
