// SPDX-License-Identifier: Apache-2.0
// The sub-commands of scarbon. Each adds its options to the command line; the returned action runs it and returns the exit code.
#pragma once

#include <functional>
#include <string>

#include "config/config.h"
#include "core/result.h"
#include "scarbon/command_line.h"
#include "scarbon/table.h"

namespace carbon::scarbon {

struct Command {
  CLI::App* app;  // owned by the parent
  std::function<int()> run;
};

// State shared by all commands; the command line fills it in before a command runs.
struct Session {
  std::string config_file;
  std::filesystem::path file() const {
    return config_file.empty() ? config::default_config_path() : std::filesystem::path(config_file);
  }
  Result<config::Config> config() const { return config::load_config(file()); }
};

Command jobs_command(CLI::App& parent, const Session& session);
Command report_command(CLI::App& parent, const Session& session);
Command estimate_command(CLI::App& parent, const Session& session);
Command study_command(CLI::App& parent, const Session& session);
Command backfill_command(CLI::App& parent, const Session& session);
Command grid_command(CLI::App& parent, const Session& session);
Command queue_command(CLI::App& parent, const Session& session);
Command web_command(CLI::App& parent, const Session& session);
Command replay_command(CLI::App& parent);
Command doctor_command(CLI::App& parent, const Session& session);

// sacct's options for the layout of tables; `style` must outlive the parsing.
void add_table_options(CommandLine& line, TableStyle& style);

// "scarbon: <message>" on standard error; returns exit code 1.
int print_error(const std::string& message);
// Notes on standard error that figures come from simulated GPUs or intensities.
void print_simulated_note();

}  // namespace carbon::scarbon
