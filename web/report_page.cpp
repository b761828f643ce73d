// SPDX-License-Identifier: Apache-2.0
#include "web/report_page.h"

#include <algorithm>

#include "web/assets.h"

namespace carbon::web {
namespace {

std::string_view asset(std::string_view name) {
  for (const auto* folder : {"/web/", "report/"}) {
    if (const auto* found = find_asset(folder + std::string(name))) return found->content;
  }
  return {};
}

// Without '<' there is neither an end tag nor a comment. In JSON it occurs in strings alone, where the escape means the same.
std::string escaped_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

// A page opened from a file cannot import modules, so their declarations share one scope. An import is a line of its own in all
// of them.
std::string without_imports(std::string_view module) {
  constexpr std::string_view kExport = "export ";
  std::string out;
  while (!module.empty()) {
    auto line = module.substr(0, module.find('\n'));
    module.remove_prefix(std::min(module.size(), line.size() + 1));
    if (line.starts_with("import ")) continue;
    if (line.starts_with(kExport)) line.remove_prefix(kExport.size());
    out.append(line).append("\n");
  }
  return out;
}

std::string part(std::string_view name, std::string_view report, std::string_view translations) {
  if (name == "report") return escaped_json(report);
  if (name == "translations") return escaped_json(translations);
  return name.ends_with(".min.js") || !name.ends_with(".js") ? std::string(asset(name)) : without_imports(asset(name));
}

}  // namespace

std::string report_page(std::string_view report, std::string_view translations) {
  constexpr std::string_view kOpen = "{{", kClose = "}}";
  std::string_view rest = asset("report.html");
  std::string out;
  for (auto open = rest.find(kOpen); open != std::string_view::npos; open = rest.find(kOpen)) {
    const auto close = rest.find(kClose, open);
    out += rest.substr(0, open);
    out += part(rest.substr(open + kOpen.size(), close - open - kOpen.size()), report, translations);
    rest.remove_prefix(close + kClose.size());
  }
  return out.append(rest);
}

}  // namespace carbon::web
