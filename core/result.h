// SPDX-License-Identifier: Apache-2.0
// An expected failure is a value: Result<T> holds a T or an Error that a person can read. Exceptions are for the unexpected.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace carbon::inline core {

// What went wrong, where (file, line, URL, device) and what would have been accepted, in one line without a final stop.
struct Error {
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}
  Result(Error error) : content_(std::move(error)) {}

  bool ok() const { return std::holds_alternative<T>(content_); }
  explicit operator bool() const { return ok(); }

  // Precondition of value(), * and ->: ok(). Precondition of error(): !ok().
  T& value() & { return std::get<T>(content_); }
  const T& value() const& { return std::get<T>(content_); }
  T&& value() && { return std::get<T>(std::move(content_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<Error>(content_); }

 private:
  std::variant<T, Error> content_;
};

struct Done {};
using Status = Result<Done>;

}  // namespace carbon::inline core
