#include <filesystem>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/hash.h"
#include "store/claim.h"
#include "store/results_csv.h"
#include "store/store.h"
#include "temporary_folder.h"

namespace {

using namespace vitlab;

/// In memory (the cost of the code) or on the disk of the temporary folder (with its fsync).
struct BenchFolder {
  explicit BenchFolder(bool in_memory) {
    if (in_memory) path = std::filesystem::path("/dev/shm") / on_disk.path().filename();
  }
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;
  ~BenchFolder() { std::filesystem::remove_all(path); }

  TemporaryFolder on_disk;
  std::filesystem::path path = on_disk.path();
};

/// A record of about the size that a training stage leaves.
store::StageRecord typical_record(std::int64_t number) {
  store::StageRecord record;
  record.id = core::identity(std::to_string(number));
  record.kind = "train";
  for (const char* metric :
       {"accuracy.top1", "accuracy.top1.best", "loss.test", "macs", "params"}) {
    record.metrics.push_back(
        {metric, "", 0.123456789 * static_cast<double>(number), "1", {}, {}, 1});
  }
  record.provenance = {.host = "node17", .seconds = 12.5, .worker = 3};
  return record;
}

/// Guards the budget of 3 ms a trial that does nothing (claim, one durable publication, release).
void claim_publish_release(benchmark::State& state) {
  const BenchFolder folder(state.range(0) == 1);
  const store::Store store = store::Store::open_or_create(folder.path / "s");
  store::Claimant claimant(store);
  std::int64_t number = 0;
  for (auto _ : state) {
    const store::StageRecord record = typical_record(number++);
    const auto claim = claimant.try_claim(record.id);
    benchmark::DoNotOptimize(store.publish(record));
  }
}
BENCHMARK(claim_publish_release)->ArgName("in_memory")->Arg(0)->Arg(1)->UseRealTime();

/// A worker passes over what others hold, so a refused claim must cost microseconds.
void refused_claim(benchmark::State& state) {
  const BenchFolder folder(true);
  const store::Store store = store::Store::open_or_create(folder.path / "s");
  store::Claimant holder(store);
  store::Claimant other(store);
  const auto held = holder.try_claim(core::identity("x"));
  for (auto _ : state) benchmark::DoNotOptimize(other.try_claim(core::identity("x")));
}
BENCHMARK(refused_claim);

void decode(benchmark::State& state) {
  const std::string text = store::encode_record(typical_record(1));
  for (auto _ : state) benchmark::DoNotOptimize(store::decode_record(text, "bench"));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(decode);

/// Guards `collect`: 1.5 s for 100,000 warm records on two cores is 15 us a record.
void scan(benchmark::State& state) {
  const BenchFolder folder(true);
  const store::Store store = store::Store::open_or_create(folder.path / "s");
  for (std::int64_t i = 0; i < state.range(0); ++i) store.publish(typical_record(i));
  for (auto _ : state) benchmark::DoNotOptimize(store.scan());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(scan)->ArgName("records")->Arg(1000)->Arg(10'000)->UseRealTime()->Unit(
    benchmark::kMillisecond);

void write_and_read_csv(benchmark::State& state) {
  store::ResultsTable table{.knobs = {"mixer"}, .rows = {}};
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    store::ResultRow row;
    row.trial = core::identity(std::to_string(i));
    row.model = row.trial;
    row.dataset = "synthetic:classes=10,size=64";
    row.metric = "accuracy.top1";
    row.value = 1.0 / static_cast<double>(i + 1);
    row.knobs = {"cascaded"};
    table.rows.push_back(row);
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(store::parse_results_csv(store::results_csv(table), "bench"));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(write_and_read_csv)->ArgName("rows")->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
