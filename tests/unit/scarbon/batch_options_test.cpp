// SPDX-License-Identifier: Apache-2.0
#include "scarbon/replay/batch_options.h"

#include <gtest/gtest.h>

namespace carbon::scarbon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
const Instant kAt = from_unix_ms(1'795'000'000'000);

TEST(BatchScript, OptionsStandInCommentsBeforeTheFirstCommand) {
  const auto options = options_of_script(
      "#!/bin/bash\n# a training\n#SBATCH --gres=gpu:2 -t 1:30:00 # so long\n\n#SBATCH -pgpu --mail-user ada --job-name=\"a b\"\n"
      "#SBATCH --exclusive\nsrun train\n#SBATCH --time=5\n");
  EXPECT_EQ(options.value(), (BatchOptions{{"gres", "gpu:2"}, {"time", "1:30:00"}, {"partition", "gpu"}, {"exclusive", ""}}));
}

TEST(BatchScript, TheLastOfAnOptionCounts) {
  EXPECT_EQ(options_of_script("#SBATCH -t 1\n#SBATCH --time=2\n").value(), (BatchOptions{{"time", "2"}}));
  EXPECT_TRUE(options_of_script("").value().empty());
}

TEST(BatchScript, AnOptionWithoutItsValueIsAnError) {
  EXPECT_EQ(options_of_script("#SBATCH --carbon\n").error().message, "#SBATCH: --carbon: 1 required TEXT missing");
}

TEST(BatchScript, WordsMayStandInQuotes) {
  EXPECT_EQ(split_words(" -C 'a&b' --x=\"c d\" # e"), (std::vector<std::string>{"-C", "a&b", "--x=c d"}));
}

TEST(BatchRequest, IsWhatSbatchWouldSend) {
  const BatchOptions options{{"gpus-per-node", "a100:2"}, {"nodes", "2-3"},       {"time", "1:30:00"}, {"mem", "4G"},
                             {"ntasks-per-node", "2"},    {"cpus-per-task", "4"}, {"array", "0-9%5"},  {"constraint", "fast"},
                             {"carbon", "auto"},          {"account", "nlp"},     {"carbon-data", "7"}};
  const auto job = request_of(options, "gpu", kAt);
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(job->partition, "gpu");
  EXPECT_EQ(job->gpus, (placement::GpuCount{4, 2, {{"a100", 4}}}));
  EXPECT_EQ(job->array, (placement::ArrayShape{10, 5}));
  EXPECT_EQ(job->time_limit, Duration(minutes(90)));
  EXPECT_EQ(job->size.nodes, 2u);
  EXPECT_EQ(job->size.cpus_per_node, 8u);
  EXPECT_EQ(job->size.memory_mb_per_node, 4096u);
  EXPECT_EQ(job->constraint, "fast");
  EXPECT_EQ(job->mode, "auto");
  EXPECT_EQ(job->data_gb, "7");
  EXPECT_EQ(job->who.account, "nlp");
  EXPECT_FALSE(job->begin_given || job->dependency || job->pinned || job->held);
}

TEST(BatchRequest, EachFormOfGpus) {
  const auto gpus = [](BatchOptions options) { return request_of(options, "gpu", kAt)->gpus->count; };
  EXPECT_EQ(gpus({{"gpus", "3"}}), 3u);
  EXPECT_EQ(gpus({{"gpus", "a100:1,v100:2"}}), 3u);
  EXPECT_EQ(gpus({{"gres", "gpu:2"}, {"nodes", "2"}}), 4u);
  EXPECT_EQ(gpus({{"gpus-per-task", "1"}, {"ntasks", "5"}}), 5u);
  EXPECT_EQ(gpus({{"ntasks-per-gpu", "2"}, {"ntasks", "5"}}), 3u);
}

TEST(BatchRequest, MarksWhatIsNeverTouched) {
  EXPECT_TRUE(request_of({{"begin", "now+1hour"}}, "gpu", kAt)->begin_given);
  EXPECT_TRUE(request_of({{"dependency", "afterok:1"}}, "gpu", kAt)->dependency);
  EXPECT_TRUE(request_of({{"hold", ""}}, "gpu", kAt)->held);
  EXPECT_TRUE(request_of({{"time", "UNLIMITED"}}, "gpu", kAt)->unlimited);
}

TEST(BatchRequest, ABadValueIsNamed) {
  EXPECT_EQ(request_of({{"nodes", "many"}}, "gpu", kAt).error().message,
            "--nodes: 'many'; accepted: a number of nodes, such as 2 or 2-4");
  EXPECT_FALSE(request_of({{"time", "soon"}}, "gpu", kAt).ok());
  EXPECT_FALSE(request_of({{"mem", "4X"}}, "gpu", kAt).ok());
}

}  // namespace
}  // namespace carbon::scarbon
