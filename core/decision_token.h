// SPDX-License-Identifier: Apache-2.0
// slurm-carbon's part of a job's AdminComment: one token without blanks, "carbon:key=value,key=value", all lower case, so that
// it survives sacctmgr (which lowers case) and stands beside what others wrote there ("JS1:..." of jobstats, free text).
// Keys and their meaning: docs/admin_comment.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace carbon::inline core {

class DecisionToken {
 public:
  // The part of `admin_comment` that is ours; empty where there is none or it is not well formed.
  static DecisionToken find_in(std::string_view admin_comment);

  std::optional<std::string> get(std::string_view key) const;
  // Characters that would break the token (blank, ',', '=', control, quotes) are replaced by '_'; letters are lowered.
  void set(std::string_view key, std::string_view value);
  void erase(std::string_view key);
  bool empty() const { return token_.empty(); }

  const std::string& token() const { return token_; }  // "carbon:mode=defer,until=..."; empty when there is no pair
  // `admin_comment` with our token replaced in place, or appended after one blank; all else is kept byte by byte.
  std::string put_into(std::string_view admin_comment) const;

 private:
  struct Value {
    std::size_t start, end;  // of its text in token_
  };
  // Of the pairs that begin before `before`.
  std::optional<Value> find(std::string_view key, std::size_t before) const;
  void append_clean(std::string_view text);

  std::string token_;  // pairs in order of first set
};

}  // namespace carbon::inline core
