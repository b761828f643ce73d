// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/provider.h"

#include <algorithm>
#include <array>

#include "core/strings.h"

#define CARBON_PROVIDER(name) extern const Provider provider_##name;
namespace carbon::grid_feeds {
#include "grid_feeds/providers/table.inc"
}  // namespace carbon::grid_feeds
#undef CARBON_PROVIDER

namespace carbon::grid_feeds {
namespace {

#define CARBON_PROVIDER(name) &provider_##name,
constexpr std::array kProviders{
#include "grid_feeds/providers/table.inc"
};
#undef CARBON_PROVIDER

bool is_choice(std::string_view value, std::string_view choices) {
  const auto accepted = split(choices, '|');
  return std::find(accepted.begin(), accepted.end(), value) != accepted.end();
}

// Empty if `value` is valid, else what is accepted.
std::string accepted_instead(const OptionSpec& spec, std::string_view value) {
  switch (spec.type) {
    case OptionType::kNumber: return parse_number<double>(value) ? "" : "a number";
    case OptionType::kTime: return parse_utc(value).ok() ? "" : "a time such as 2022-01-01T00:00Z";
    case OptionType::kUrl:
      return value.starts_with("http://") || value.starts_with("https://") ? "" : "an address such as https://example.org";
    case OptionType::kChoice: return is_choice(value, spec.choices) ? "" : std::string(spec.choices);
    case OptionType::kText:
    case OptionType::kFile: return value.empty() ? "a text" : "";
  }
  return "";
}

template <class Range, class Name>
std::string listed(const Range& range, Name name) {
  std::string text;
  for (const auto& item : range) text += (text.empty() ? "" : ", ") + std::string(name(item));
  return text.empty() ? "none" : text;
}

const OptionSpec* find_option(const Provider& provider, std::string_view name) {
  for (const auto& spec : provider.options) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

}  // namespace

std::string_view Feed::option(std::string_view name, std::string_view otherwise) const {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : std::string_view(found->second);
}

double Feed::number(std::string_view name, double otherwise) const {
  return parse_number<double>(option(name)).value_or(otherwise);
}

std::optional<Instant> Feed::time(std::string_view name) const {
  const auto parsed = parse_utc(option(name));
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::string Feed::url(std::string_view otherwise, std::string_view path) const {
  std::string_view base = option("base_url", otherwise);
  if (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base) + std::string(path);
}

Request http_request(std::string part, std::string url, Duration good_for,
                     std::vector<std::pair<std::string, std::string>> headers) {
  Request request;
  request.part = std::move(part);
  request.http.url = std::move(url);
  request.http.headers = std::move(headers);
  request.good_for = good_for;
  return request;
}

Request file_request(std::string part, std::filesystem::path file) {
  Request request;
  request.part = std::move(part);
  request.file = std::move(file);
  return request;
}

Error no_values(std::string what, const Reading& reading) {
  if (!reading.notes.empty()) what += ": " + joined(reading.notes, "; ");
  return Error{std::move(what)};
}

std::optional<std::string_view> answer_of(std::span<const Answer> answers, std::string_view part) {
  for (const auto& answer : answers) {
    if (answer.part == part) return answer.body;
  }
  return std::nullopt;
}

std::span<const Provider* const> providers() { return kProviders; }

Result<Feed> make_feed(const Site& site, const FeedChoice& choice) {
  Feed feed;
  for (const auto* provider : providers()) {
    if (provider->name == choice.provider) feed.provider = provider;
  }
  if (feed.provider == nullptr) {
    return Error{choice.where + ": provider '" + choice.provider +
                 "' is not known; accepted: " + listed(providers(), [](const Provider* p) { return p->name; })};
  }
  for (const auto& [name, option] : choice.options) {
    const OptionSpec* spec = find_option(*feed.provider, name);
    if (spec == nullptr && name == "zone") continue;
    if (spec == nullptr) {
      return Error{option.where + ": '" + name + "' is not an option of provider " + choice.provider + "; accepted: zone, " +
                   listed(feed.provider->options, [](const OptionSpec& s) { return s.name; })};
    }
    if (const auto accepted = accepted_instead(*spec, option.value); !accepted.empty()) {
      return Error{option.where + ": " + name + " = '" + option.value + "'; accepted: " + accepted};
    }
    feed.options[name] = option.value;
  }
  for (const auto& spec : feed.provider->options) {
    if (spec.required && !feed.options.contains(spec.name)) {
      return Error{choice.where + ": provider " + choice.provider + " needs the option '" + std::string(spec.name) + "'"};
    }
  }
  const auto zone = choice.options.find("zone");
  feed.zone = zone == choice.options.end() ? site.zone : zone->second.value;
  feed.site = site.name;
  return feed;
}

}  // namespace carbon::grid_feeds
