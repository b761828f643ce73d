// SPDX-License-Identifier: Apache-2.0
// slurm-carbon's token in a job's AdminComment, as a struct: what was decided about the job, and its summary after its end.
//
// In AdminComment it is one word in lower case, "carbon:key=value,key=value", so that it survives sacctmgr (which lowers case).
// Other text in the field is kept. Programs that own the whole field cannot share it: jobstats ("JS1:...") replaces it when it
// writes, and cannot read its text next to ours. docs/admin_comment.md describes the keys; decision_token.cpp has their table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/method.h"
#include "core/series.h"
#include "core/slurm/job.h"
#include "core/time.h"
#include "core/units.h"

namespace carbon::inline core {

// The decision and the plan. An absent key is none, empty or false. Times have whole seconds.
struct DecisionToken {
  std::optional<CarbonMode> mode;
  bool user_choice = false;  // mode=user: someone has since chosen another time or place
  bool observe = false;      // the decision was recorded, and nothing of the job was changed
  std::string home;          // the site to which the job was submitted
  std::string data_gb;       // --carbon-data, as the user wrote it
  std::string site;          // the chosen one
  std::string sites;         // where re-planning may send the job, joined by '+'
  std::optional<Instant> planned;
  std::optional<Instant> latest;      // the guaranteed latest start
  std::optional<Instant> cap;         // submission + longest delay
  std::optional<Instant> submit;      // of a job that was sent to another cluster after its submission
  std::optional<std::int64_t> times;  // interruptions so far
  std::optional<Duration> ran;        // in earlier runs
  std::optional<Instant> stop;        // during an interruption: the end of the grace period
  std::optional<Instant> again;       // during an interruption: when the job is to start again

  // The token in `admin_comment`; empty if there is none or it is not well-formed.
  static DecisionToken parse(std::string_view admin_comment);

  bool empty() const;
  bool has_summary() const;       // it was parsed from a text with the figures of a TokenSummary
  std::string mode_text() const;  // "defer", "user"; empty: none
  double data_gigabytes() const;  // 0: none given

  // "carbon:mode=defer,planned=..."; empty if there is no pair. Pairs that were parsed keep their order, and their text unless
  // their field was changed; unknown ones are kept. New ones follow. In a value, characters that would break the token (blanks,
  // commas, '=', control characters, quotes) become '_', and letters are lowered.
  std::string format() const;
  // `admin_comment` with its token replaced, or with this one appended after a blank; all else is kept byte by byte.
  std::string put_into(std::string_view admin_comment) const;

 private:
  friend std::string put_summary(std::string_view, const struct TokenSummary&);
  using Pair = std::pair<std::string, std::string>;
  const std::string* parsed_value(std::string_view key) const;
  void parse_pair(std::string_view key, std::string_view value);

  std::vector<Pair> parsed_;  // in order of first appearance
};

// A name (of a site) as the token has it.
std::string as_in_token(std::string_view text);

// The figures of a job that has ended.
struct TokenSummary {
  std::optional<GramsCo2e> emission, saved;
  bool simulated = false;
  std::optional<Method> method;  // none: no device was metered
  std::optional<Joules> energy;
  std::optional<GramsPerKwh> intensity;  // before PUE
  std::optional<Origin> origin;          // of the intensity
  std::optional<double> coverage;        // share of the energy whose intensity is known; none: all
  std::string site;                      // where the job ran; empty: not known
  bool complete = true;
  std::uint32_t nodes = 0, nodes_expected = 0;  // written if the records are not complete
};

// `admin_comment` with its token replaced by the summary and by what remains of interest of the decision.
std::string put_summary(std::string_view admin_comment, const TokenSummary& summary);

}  // namespace carbon::inline core
