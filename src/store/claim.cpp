#include "store/claim.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/error.h"
#include "core/files.h"
#include "store/disk.h"

namespace vitlab::store {
namespace {

constexpr int kBeatsPerLease = 6;

/// What a claim's file holds: whose it is.
struct ClaimContent : ProcessIdentity {
  std::string nonce;

  static constexpr auto fields() {
    return std::tuple_cat(ProcessIdentity::fields(),
                          std::tuple{core::required("nonce", &ClaimContent::nonce)});
  }
};

std::filesystem::path claim_path(const std::filesystem::path& folder) { return folder / "claim"; }

std::filesystem::path beat_path(const std::filesystem::path& folder, const std::string& nonce) {
  return folder / ("hb." + nonce);
}

/// nullopt for a claim cut off by a kill while it was written: nobody can tell whose it was.
std::optional<ClaimContent> parse_claim(const std::string& text) {
  try {
    auto content = core::from_json<ClaimContent>(core::parse_json(text, "claim"), "claim");
    const bool is_nonce = content.nonce.size() == 16 &&
                          content.nonce.find_first_not_of("0123456789abcdef") == std::string::npos;
    return is_nonce ? std::optional(content) : std::nullopt;
  } catch (const core::UserError&) {
    return std::nullopt;
  }
}

/// Serialises takeovers and releases of one stage among the processes of one machine. Where the
/// file system has no flock for folders, what follows is still checked after the rename.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder)
      : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    for (int attempt = 0; descriptor_ >= 0 && attempt < 50; ++attempt) {
      if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
      if (errno != EWOULDBLOCK) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    is_busy_ = descriptor_ >= 0;
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  bool is_busy() const { return is_busy_; }

 private:
  int descriptor_;
  bool is_busy_ = false;
};

}  // namespace

std::optional<ProcessIdentity> claim_holder(const std::filesystem::path& stage_folder) {
  const auto text = read_regular_file(claim_path(stage_folder));
  const auto content = text ? parse_claim(*text) : std::nullopt;
  return content ? std::optional(*content) : std::nullopt;
}

Claim& Claim::operator=(Claim&& other) noexcept {
  if (this == &other) return *this;
  release();
  folder_ = std::move(other.folder_);
  id_ = std::move(other.id_);
  nonce_ = std::move(other.nonce_);
  text_ = std::move(other.text_);
  predecessor_ = std::move(other.predecessor_);
  heartbeat_ = std::move(other.heartbeat_);
  return *this;
}

bool Claim::holds() const { return heartbeat_ && read_regular_file(claim_path(folder_)) == text_; }

void Claim::release() noexcept {
  if (!heartbeat_) return;
  try {
    const FolderLock lock(folder_);
    if (holds()) ::unlink(claim_path(folder_).c_str());
  } catch (const std::exception&) {
    // A claim that cannot be removed ends with this process, or with its lease.
  }
  heartbeat_->stop(beat_path(folder_, nonce_));
  heartbeat_.reset();
}

Claimant::Claimant(Store store, std::chrono::milliseconds lease)
    : store_(std::move(store)),
      lease_(lease),
      heartbeat_(std::make_shared<Heartbeat>(lease / kBeatsPerLease)) {
  core::ensure(lease >= std::chrono::milliseconds(kBeatsPerLease),
               "a lease is long enough to beat in");
}

std::optional<Claim> Claimant::try_claim(std::string_view id) {
  const std::string stage(id);
  const auto folder = store_.stage_folder(id);
  core::make_folders(folder);
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (auto claim = create(folder, stage)) return claim;
    const auto holder = read_regular_file(claim_path(folder));
    if (!holder) continue;  // released meanwhile
    if (!is_stale(folder, stage, *holder)) return std::nullopt;
    return take_over(folder, stage, *holder);
  }
  return std::nullopt;
}

std::optional<Claim> Claimant::create(const std::filesystem::path& folder, const std::string& id) {
  Claim claim;
  claim.folder_ = folder;
  claim.id_ = id;
  claim.nonce_ = new_nonce();
  claim.text_ = core::dump_json(core::to_json(ClaimContent{this_process(), claim.nonce_})) + "\n";
  if (!create_exclusively(claim_path(folder), claim.text_)) return std::nullopt;
  RemovedUnlessKept created(claim_path(folder));
  heartbeat_->start(beat_path(folder, claim.nonce_));
  created.keep();
  claim.heartbeat_ = heartbeat_;
  return claim;
}

bool Claimant::is_stale(const std::filesystem::path& folder, const std::string& id,
                        const std::string& claim) {
  const auto content = parse_claim(claim);
  if (content && liveness(*content) == Liveness::kDead) return true;
  const auto beat = content ? read_regular_file(beat_path(folder, content->nonce)) : std::nullopt;
  const std::string sign = claim + beat.value_or("no heartbeat");
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  Watched& watched = watched_[id];
  if (watched.sign_of_life != sign) watched = {.sign_of_life = sign, .since = now};
  return now - watched.since >= lease_;
}

std::optional<Claim> Claimant::take_over(const std::filesystem::path& folder, const std::string& id,
                                         const std::string& seen) {
  const FolderLock lock(folder);
  if (lock.is_busy() || read_regular_file(claim_path(folder)) != seen) return std::nullopt;
  const auto stale = folder / ("claim.stale." + new_nonce());
  if (std::rename(claim_path(folder).c_str(), stale.c_str()) != 0) {
    if (errno == ENOENT) return std::nullopt;
    throw core::Failure(fmt::format("{}: cannot rename: {}", stale.string(), std::strerror(errno)));
  }
  const RemovedUnlessKept removed(stale);
  if (read_regular_file(stale) != seen) {
    core::link_new(stale, claim_path(folder));  // another machine was faster: its claim goes back
    return std::nullopt;
  }
  auto claim = create(folder, id);
  const auto former = parse_claim(seen);
  if (former) ::unlink(beat_path(folder, former->nonce).c_str());
  if (claim && former) claim->predecessor_ = *former;
  const std::lock_guard guard(mutex_);
  watched_.erase(id);
  return claim;
}

}  // namespace vitlab::store
