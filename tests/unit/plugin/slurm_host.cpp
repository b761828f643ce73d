// SPDX-License-Identifier: Apache-2.0
#include "slurm_host.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdlib>
#include <cstring>

extern "C" {
#include <slurm/spank.h>
}

namespace carbon::plugin {
namespace {

std::string format_line(const char* format, va_list arguments) {
  char line[4096];
  std::vsnprintf(line, sizeof line, format, arguments);
  return line;
}

}  // namespace

Host& host() {
  static Host the_host;
  return the_host;
}

Module::Module(const char* file) : handle_(dlopen(file, RTLD_NOW | RTLD_LOCAL)) { EXPECT_NE(handle_, nullptr) << dlerror(); }
Module::~Module() {
  if (handle_ != nullptr) dlclose(handle_);
}
void* Module::symbol(const char* name) const { return handle_ == nullptr ? nullptr : dlsym(handle_, name); }

}  // namespace carbon::plugin

using carbon::plugin::host;

extern "C" {
char* default_part_name = nullptr;

void slurm_info(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  host().info.push_back(carbon::plugin::format_line(format, arguments));
  va_end(arguments);
}

void slurm_error(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  host().errors.push_back(carbon::plugin::format_line(format, arguments));
  va_end(arguments);
}

char* slurm_xstrdup(const char* text) { return text == nullptr ? nullptr : strdup(text); }

void slurm_xfree(void** pointer) {
  std::free(*pointer);
  *pointer = nullptr;
}

spank_err_t spank_option_register(spank_t, spank_option* option) {
  host().options.push_back({option->name, option->cb});
  return static_cast<spank_err_t>(ESPANK_SUCCESS);
}

// spank.h gives the last named parameter an enum type, which va_start must not take: the same symbol, with the promoted type.
spank_err_t host_get_item(spank_t, unsigned item, ...) __asm__("spank_get_item");
spank_err_t host_get_item(spank_t, unsigned item, ...) {
  if (!host().knows_job) return static_cast<spank_err_t>(ESPANK_NOT_AVAIL);
  va_list arguments;
  va_start(arguments, item);
  if (item == S_JOB_ID) *va_arg(arguments, std::uint32_t*) = 77;
  if (item == S_JOB_UID) *va_arg(arguments, uid_t*) = 1000;
  va_end(arguments);
  return static_cast<spank_err_t>(ESPANK_SUCCESS);
}
}

namespace carbon::plugin {

void reset_host(const std::string& default_partition) {
  host() = Host{};
  host().default_partition = default_partition;
  default_part_name = default_partition.empty() ? nullptr : host().default_partition.data();
}

}  // namespace carbon::plugin
