#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "store/heartbeat.h"
#include "store/process_identity.h"
#include "store/store.h"

namespace vitlab::store {

/// The right to work on a stage, held until release() or destruction. It keeps others from doing
/// the same work; it does not protect the store, which a second worker cannot harm.
class Claim {
 public:
  Claim(Claim&& other) noexcept = default;
  Claim& operator=(Claim&& other) noexcept;
  ~Claim() { release(); }

  const std::string& id() const { return id_; }
  /// The worker from whom the claim was taken because it is dead or gave no sign of life.
  const std::optional<ProcessIdentity>& predecessor() const { return predecessor_; }
  /// Whether the claim is still ours: false after release() or a takeover by another worker.
  bool holds() const;
  void release() noexcept;

 private:
  friend class Claimant;
  Claim() = default;

  std::filesystem::path folder_;
  std::string id_;
  std::string nonce_;
  std::string text_;  // what stands in our claim file
  std::optional<ProcessIdentity> predecessor_;
  std::shared_ptr<Heartbeat> heartbeat_;  // empty: holds nothing
};

/// A worker process that claims stages of one store; keep one for the life of the process.
/// Any thread may claim.
class Claimant {
 public:
  explicit Claimant(Store store,
                    std::chrono::milliseconds lease = std::chrono::milliseconds(60'000));

  /// Claims a stage, or nullopt if somebody else holds it; never waits. A claim whose process on
  /// this machine is dead is taken over at once; any other when its heartbeat did not change for
  /// the lease, as seen by our steady clock between calls. Read the record again after claiming:
  /// the stage may have been finished meanwhile.
  std::optional<Claim> try_claim(std::string_view id);

 private:
  struct Watched {
    std::string sign_of_life;
    std::chrono::steady_clock::time_point since;
  };

  std::optional<Claim> create(const std::filesystem::path& folder, const std::string& id);
  std::optional<Claim> take_over(const std::filesystem::path& folder, const std::string& id,
                                 const std::string& seen);
  bool is_stale(const std::filesystem::path& folder, const std::string& id,
                const std::string& claim);

  Store store_;
  std::chrono::milliseconds lease_;
  std::shared_ptr<Heartbeat> heartbeat_;
  std::mutex mutex_;
  std::map<std::string, Watched> watched_;  // by stage id
};

/// Who holds the claim of a stage folder, as its claim file says; nullopt if there is no claim or
/// the file does not read.
std::optional<ProcessIdentity> claim_holder(const std::filesystem::path& stage_folder);

}  // namespace vitlab::store
