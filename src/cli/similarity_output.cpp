#include "cli/similarity_output.h"

#include "core/files.h"
#include "report/similarity_page.h"

namespace vitlab {

void write_similarity_output(const Json& document, const std::filesystem::path& folder) {
  for (const ReportFile& file : similarity_files(document, folder))
    write_file_atomically(folder / file.name, file.text);
}

}  // namespace vitlab
