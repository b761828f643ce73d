// SPDX-License-Identifier: Apache-2.0
// Reading the snapshot. Nothing is trusted before it is checked: first size, magic, version and checksum, then every offset,
// count, enumerator and array, so that a faulty writer is found here and not by a policy inside slurmctld.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>

#include "grid_feeds/snapshot.h"
#include "grid_feeds/snapshot_format.h"

namespace carbon::feeds {
namespace format = snapshot_format;

// Private pages and not the file's own: truncating a mapped file in place would kill slurmctld with SIGBUS. Huge ones for a
// large snapshot where the kernel gives them: taking megabytes in small pages would cost more than all the rest.
struct Snapshot::Pages {
  static constexpr std::size_t kHuge = 2u << 20;

  // `data` is null where there is no memory.
  explicit Pages(std::size_t bytes)
      : length((bytes + kHuge - 1) / kHuge * kHuge),
        reserved(length + kHuge),
        base(mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (base == MAP_FAILED) return;
    const auto address = reinterpret_cast<std::uintptr_t>(base);
    data = static_cast<std::byte*>(base) + (kHuge - address % kHuge) % kHuge;
    if (bytes >= kHuge / 2) madvise(data, length, MADV_HUGEPAGE);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() {
    if (base != MAP_FAILED) munmap(base, reserved);
  }
  void seal() { mprotect(data, length, PROT_READ); }

  std::size_t length, reserved;
  void* base;
  std::byte* data = nullptr;
  struct stat file {};
};

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string errno_text() { return std::generic_category().message(errno); }

// What a checked file may be read with: spans and names inside the pages, or none where they would leave it.
class Bytes {
 public:
  Bytes(const std::byte* data, std::size_t size) : data_(data), size_(size) {}

  template <class T>
  std::optional<std::span<const T>> array(std::uint64_t at, std::uint64_t count) const {
    if (at % alignof(T) != 0 || at > size_ || count > (size_ - at) / sizeof(T)) return std::nullopt;
    return std::span(reinterpret_cast<const T*>(data_ + at), count);
  }
  std::optional<std::string> text(format::Name name) const {
    const auto chars = array<char>(name.offset, name.length);
    if (!chars) return std::nullopt;
    return std::string(chars->begin(), chars->end());
  }

 private:
  const std::byte* data_;
  std::size_t size_;
};

// Times and durations far beyond use, and far from where sums and differences of them overflow.
constexpr std::int64_t kMostMs = 1'000'000'000'000'000;  // 31 700 years
bool is_time(std::int64_t ms) { return ms >= -kMostMs && ms <= kMostMs; }
bool is_duration(std::int64_t ms) { return ms >= 0 && ms <= kMostMs; }

bool is_share(double x) { return x >= 0.0 && x <= 1.0; }  // false for a NaN

bool series_is_sound(std::span<const std::int64_t> edge, std::span<const double> integral,
                     std::span<const std::int64_t> covered) {
  if (edge.size() == 1 || (!edge.empty() && (integral[0] != 0.0 || covered[0] != 0))) return false;
  bool sound = true;  // no early exit: the loops stay free of branches
  for (std::size_t i = 0; i < edge.size(); ++i) sound &= is_time(edge[i]) && is_duration(covered[i]);
  if (!sound) return false;
  for (std::size_t i = 1; i < edge.size(); ++i) {
    const std::int64_t known = covered[i] - covered[i - 1];
    sound &= edge[i] > edge[i - 1] && std::isfinite(integral[i]) && (known == 0 || known == edge[i] - edge[i - 1]);
  }
  return sound;
}

std::optional<SnapshotSite> read_site(const Bytes& bytes, const format::SiteRecord& record) {
  const auto name = bytes.text(record.name), zone = bytes.text(record.zone), provider = bytes.text(record.provider);
  const auto edge = bytes.array<std::int64_t>(record.edges_at, record.edges);
  const auto integral = bytes.array<double>(record.integrals_at, record.edges);
  const auto covered = bytes.array<std::int64_t>(record.covered_at, record.edges);
  if (!name || !zone || !provider || !edge || !integral || !covered) return std::nullopt;
  if (record.signal > 1 || record.emissions > 1 || record.boundary > 1 || record.simulated > 1) return std::nullopt;
  if (record.origin > static_cast<std::uint32_t>(Origin::kYearlyFactor)) return std::nullopt;
  if (!std::isfinite(record.pue) || record.pue < 1.0 || !is_time(record.issued_ms) ||
      !series_is_sound(*edge, *integral, *covered))
    return std::nullopt;
  SnapshotSite site;
  site.name = *name;
  site.pue = record.pue;
  site.meta.zone = *zone;
  site.meta.provider = *provider;
  site.meta.kind = {static_cast<Signal>(record.signal), static_cast<Emissions>(record.emissions),
                    static_cast<Boundary>(record.boundary)};
  site.meta.issued = from_unix_ms(record.issued_ms);
  site.meta.simulated = record.simulated != 0;
  site.origin = static_cast<Origin>(record.origin);
  site.series = SeriesView(*edge, *integral, *covered);
  return site;
}

std::optional<PlacementRules> read_rules(const format::Header& header) {
  const bool sound = header.observe <= 1 && header.default_mode <= static_cast<std::uint32_t>(CarbonMode::kAuto) &&
                     is_duration(header.max_delay_ms) && is_share(header.expected_share_of_limit) &&
                     is_share(header.min_saving) && std::isfinite(header.gpu_power_watts) && header.gpu_power_watts >= 0.0;
  if (!sound) return std::nullopt;
  PlacementRules rules;
  rules.observe = header.observe != 0;
  rules.default_mode = static_cast<CarbonMode>(header.default_mode);
  rules.min_gpus = header.min_gpus;
  rules.max_delay = Duration(header.max_delay_ms);
  rules.expected_share_of_limit = header.expected_share_of_limit;
  rules.gpu_power = Watts(header.gpu_power_watts);
  rules.min_saving = header.min_saving;
  return rules;
}

std::optional<SnapshotContent> read_content(const Bytes& bytes, const format::Header& header) {
  if (header.sites > format::kMaxSites || header.partitions > format::kMaxPartitions) return std::nullopt;
  const auto sites = bytes.array<format::SiteRecord>(header.sites_at, header.sites);
  const auto partitions = bytes.array<format::PartitionRecord>(header.partitions_at, header.partitions);
  const auto rules = read_rules(header);
  if (!sites || !partitions || !rules || !is_time(header.published_ms) || !is_duration(header.max_age_ms)) return std::nullopt;
  SnapshotContent content;
  content.published = from_unix_ms(header.published_ms);
  content.max_age = Duration(header.max_age_ms);
  content.rules = *rules;
  for (const auto& record : *sites) {
    auto site = read_site(bytes, record);
    if (!site) return std::nullopt;
    content.sites.push_back(std::move(*site));
  }
  for (const auto& record : *partitions) {
    const auto name = bytes.text(record.name);
    if (!name || record.site >= header.sites || !is_duration(record.default_time_ms) || !is_duration(record.max_time_ms))
      return std::nullopt;
    content.partitions.push_back(
        {*name, record.site, record.position, Duration(record.default_time_ms), Duration(record.max_time_ms)});
  }
  return content;
}

Status check_header(const format::Header& header, std::span<const std::byte> file) {
  if (header.magic != format::kMagic) return Error{"not a snapshot"};
  if (header.version != format::kVersion) {
    return Error{"snapshot version " + std::to_string(header.version) + "; accepted: " + std::to_string(format::kVersion)};
  }
  if (header.size != file.size()) {
    return Error{"is " + std::to_string(file.size()) + " bytes long and should be " + std::to_string(header.size)};
  }
  const auto summed = file.subspan(offsetof(format::Header, size));
  if (header.checksum != XXH3_64bits(summed.data(), summed.size())) return Error{"the checksum does not match"};
  return Done{};
}

}  // namespace

Snapshot::Snapshot(std::unique_ptr<Pages> pages, SnapshotContent content)
    : pages_(std::move(pages)), content_(std::move(content)) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

Result<Snapshot> Snapshot::open(const std::filesystem::path& file) {
  const auto fail = [&file](const std::string& what) { return Error{file.string() + ": " + what}; };
  // O_NONBLOCK: opening a fifo must not wait for its other end.
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (fd.get() < 0) return fail(errno_text());
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return fail(errno_text());
  if (!S_ISREG(info.st_mode)) return fail("not a regular file");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < sizeof(format::Header) || size > format::kMaxBytes)
    return fail("not a snapshot: " + std::to_string(size) + " bytes");

  auto pages = std::make_unique<Pages>(size);
  if (pages->data == nullptr) return fail(errno_text());
  pages->file = info;
  for (std::size_t have = 0; have < size;) {
    const ssize_t n = read(fd.get(), pages->data + have, size - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(errno_text());
    if (n == 0) return fail("cut short while it was read");
    have += static_cast<std::size_t>(n);
  }
  pages->seal();

  const auto& header = *reinterpret_cast<const format::Header*>(pages->data);
  if (const auto sound = check_header(header, {pages->data, size}); !sound) return fail(sound.error().message);
  auto content = read_content({pages->data, size}, header);
  if (!content) return fail("the checksum is right but the content is not: written by a faulty program");
  return Snapshot(std::move(pages), std::move(*content));
}

bool Snapshot::replaced(const std::filesystem::path& file) const {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return true;
  const auto& mine = pages_->file;
  return info.st_dev != mine.st_dev || info.st_ino != mine.st_ino || info.st_size != mine.st_size ||
         info.st_mtim.tv_sec != mine.st_mtim.tv_sec || info.st_mtim.tv_nsec != mine.st_mtim.tv_nsec;
}

}  // namespace carbon::feeds
