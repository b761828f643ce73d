// SPDX-License-Identifier: Apache-2.0
#include "carbond/print_meters.h"

#include <spdlog/fmt/fmt.h>

#include <future>
#include <thread>

namespace carbon::carbond {
namespace {

struct Line {
  energy::DeviceInfo info;
  std::string joules = "-", watts = "-", problem;
};

Line measure(energy::Meter& meter) {
  Line line{meter.info(), "-", "-", ""};
  const auto sample = meter.read();
  if (!sample) {
    line.problem = sample.error().message;
    return line;
  }
  if (sample->counter_uj) line.joules = fmt::format("{:.3f}", static_cast<double>(*sample->counter_uj) / 1e6);
  const auto power = sample->power ? Result<Watts>(*sample->power) : meter.power();
  if (power) line.watts = fmt::format("{:.1f}", power->value());
  return line;
}

}  // namespace

void print_meters(const std::function<energy::MetersFound()>& find, Duration patience, std::ostream& out) {
  struct Answer {
    std::vector<Line> lines;
    std::string note;
  };
  auto result = std::make_shared<std::promise<Answer>>();
  auto future = result->get_future();
  std::thread([result, find] {
    Answer answer;
    auto found = find();
    answer.note = found.note;
    for (const auto& meter : found.meters) answer.lines.push_back(measure(*meter));
    result->set_value(std::move(answer));
  }).detach();
  if (future.wait_for(patience) != std::future_status::ready) {
    out << "no device can be measured: a driver does not answer\n";
    return;
  }
  const auto answer = future.get();
  if (answer.lines.empty()) {
    out << "no device can be measured: " << answer.note << '\n';
    return;
  }
  out << fmt::format("{:<44} {:>5} {:<5} {:<24} {:<11} {:>18} {:>8}\n", "DEVICE", "MINOR", "TYPE", "MODEL", "METHOD", "JOULES",
                     "WATTS");
  for (const auto& l : answer.lines) {
    out << fmt::format("{:<44} {:>5} {:<5} {:<24} {:<11} {:>18} {:>8}{}{}\n", l.info.id, l.info.minor, l.info.type, l.info.model,
                       to_string(l.info.method), l.joules, l.watts, l.info.simulated ? "  simulated" : "",
                       l.problem.empty() ? "" : "  unavailable: " + l.problem);
  }
  if (!answer.note.empty()) out << answer.note << '\n';
}

}  // namespace carbon::carbond
