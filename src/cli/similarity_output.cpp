#include "cli/similarity_output.h"

#include "cli/engine_commands.h"
#include "core/files.h"
#include "report/similarity_page.h"

namespace vitlab::cli {

void write_similarity_output(const messages::SimilarityAnswer& answer,
                             const std::filesystem::path& folder) {
  const core::Json document = document_of("similarity", core::to_json(answer));
  core::write_file_atomically(folder / "similarity.json", core::dump_json(document, 2) + "\n");
  for (const report::ReportFile& file : report::similarity_files(answer, folder))
    core::write_file_atomically(folder / file.name, file.text);
}

}  // namespace vitlab::cli
