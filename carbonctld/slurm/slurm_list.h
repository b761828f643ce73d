// SPDX-License-Identifier: Apache-2.0
// Owner of a libslurm list: destroys it. Whether that frees the items is decided by libslurm, which made the list.
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
  explicit SlurmList(SlurmListPointer list) : list_(list) {}
  ~SlurmList() {
    if (list_) slurm_list_destroy(list_);
  }
  SlurmList(const SlurmList&) = delete;
  SlurmList& operator=(const SlurmList&) = delete;
  explicit operator bool() const { return list_ != nullptr; }
  SlurmListPointer get() const { return list_; }

  template <class Item, class F>
  void each(F f) const {
    each_of<Item>(list_, f);
  }

 private:
  SlurmListPointer list_;
};

}  // namespace carbon::carbonctld
