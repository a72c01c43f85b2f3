// Opens a store and publishes one record with a file: what the crash tests kill at every system
// call. Exit codes: 0 published, 1 Failure, 2 anything else.
#include <cstdio>
#include <fstream>

#include "core/error.h"
#include "sample_records.h"
#include "store/store.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    const auto store = vitlab::store::Store::open_or_create(argv[1]);
    const std::string id = store.put_spec(vitlab::store::sample_spec(0));
    vitlab::store::StagedFiles files = store.stage_files(id);
    std::ofstream file(files.path() / "model.safetensors");
    file << "weights";
    file.close();
    if (!file) throw vitlab::core::Failure("cannot write the weights");
    store.publish(vitlab::store::sample_record(id), files);
    return 0;
  } catch (const vitlab::core::Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "unexpected: %s\n", error.what());
    return 2;
  }
}
