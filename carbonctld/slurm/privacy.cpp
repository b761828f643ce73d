// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/slurm/privacy.h"

#include <cctype>

namespace carbon::carbonctld {

Privacy privacy_of(std::string list) {
  for (auto& c : list) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto has = [&list](const std::string& word) { return (',' + list + ',').find(',' + word + ',') != std::string::npos; };
  const bool all = has("all");
  return {all || has("jobs"), all || has("usage"), all || has("users"), all || has("accounts")};
}

}  // namespace carbon::carbonctld
