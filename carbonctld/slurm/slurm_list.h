// SPDX-License-Identifier: Apache-2.0
// A list of libslurm, destroyed with its holder. It owns its items only where libslurm made it so.
#pragma once

#include "carbonctld/slurm/slurm_versions.h"

namespace carbon::carbonctld {

template <class Item, class F>
void each_of(SlurmListPointer list, F f) {
  const SlurmListWalk walk = slurm_list_iterator_create(list);
  while (auto* item = static_cast<Item*>(slurm_list_next(walk))) f(*item);
  slurm_list_iterator_destroy(walk);
}

class SlurmList {
 public:
  explicit SlurmList(SlurmListPointer held) : held_(held) {}
  ~SlurmList() {
    if (held_) slurm_list_destroy(held_);
  }
  SlurmList(const SlurmList&) = delete;
  SlurmList& operator=(const SlurmList&) = delete;
  explicit operator bool() const { return held_ != nullptr; }
  SlurmListPointer get() const { return held_; }

  template <class Item, class F>
  void each(F f) const {
    each_of<Item>(held_, f);
  }

 private:
  SlurmListPointer held_;
};

}  // namespace carbon::carbonctld
