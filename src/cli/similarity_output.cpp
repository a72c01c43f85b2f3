#include "cli/similarity_output.h"

#include "core/files.h"
#include "report/similarity_page.h"

namespace vitlab::cli {

void write_similarity_output(const core::Json& document, const std::filesystem::path& folder) {
  for (const report::ReportFile& file : report::similarity_files(document, folder))
    core::write_file_atomically(folder / file.name, file.text);
}

}  // namespace vitlab::cli
