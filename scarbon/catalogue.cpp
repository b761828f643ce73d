// SPDX-License-Identifier: Apache-2.0
#include "scarbon/catalogue.h"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>

namespace carbon::scarbon {
namespace {

// The header: this number in the file's byte order, the revision, the number of texts, and the offsets of the tables of originals
// and of translations. A table's entry: a text's length and its offset.
constexpr std::uint32_t kMagic = 0x950412de;
constexpr std::size_t kCount = 8, kOriginals = 12, kTranslations = 16, kEntry = 8;

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  std::optional<std::uint32_t> number(std::size_t at) const {
    std::uint32_t value = 0;
    if (at > bytes_.size() || bytes_.size() - at < sizeof value) return std::nullopt;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    return value;
  }
  std::optional<std::string> text_of(std::size_t entry) const {
    const auto length = number(entry), at = number(entry + 4);
    if (!length || !at || *at > bytes_.size() || bytes_.size() - *at < *length) return std::nullopt;
    return std::string(bytes_.substr(*at, *length));
  }

 private:
  std::string_view bytes_;
};

}  // namespace

std::optional<Catalogue> Catalogue::read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  const Bytes bytes(content);
  const auto count = bytes.number(kCount), originals = bytes.number(kOriginals), translations = bytes.number(kTranslations);
  if (bytes.number(0) != kMagic || !count || !originals || !translations) return std::nullopt;
  Catalogue catalogue;
  for (std::size_t i = 0; i < *count; ++i) {
    auto original = bytes.text_of(*originals + i * kEntry);
    auto translation = bytes.text_of(*translations + i * kEntry);
    if (!original || !translation) return std::nullopt;
    if (!original->empty()) catalogue.texts_.emplace(std::move(*original), std::move(*translation));
  }
  return catalogue;
}

const char* Catalogue::find(std::string_view text) const {
  const auto found = texts_.find(std::string(text));
  return found == texts_.end() ? nullptr : found->second.c_str();
}

}  // namespace carbon::scarbon
