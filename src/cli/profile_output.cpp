#include "cli/profile_output.h"

#include "core/error.h"
#include "core/files.h"
#include "report/profile_page.h"

namespace vitlab::cli {

namespace fs = std::filesystem;

void check_profile_output(const fs::path& folder) {
  if (fs::exists(folder) && (!fs::is_directory(folder) || !fs::is_empty(folder)))
    throw core::UserError("--out " + folder.string() +
                          " exists already; name another folder or remove it");
}

void write_profile_output(const messages::ProfileAnswer& profile, const fs::path& folder) {
  check_profile_output(folder);
  core::StagedFolder staged(folder, true);
  for (const report::ReportFile& file : report::profile_files(profile))
    core::write_file_atomically(staged.path() / file.name, file.text);
  staged.commit();
}

}  // namespace vitlab::cli
