# What the scripts share; sourced, never run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
script=$(basename "$0")

# What ccache may overlook: else it keeps no object of a precompiled header, and none for a checkout
# in another place.
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros,include_file_mtime,include_file_ctime}
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$root} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}

say() { printf '%s: %s\n' "$script" "$*" >&2; }

fail() {
  say "$1"
  exit "${2:-1}"
}

# Prints the comment at the head of the calling script.
usage() { sed -n '2,/^$/{s/^# \{0,1\}//p;}' "$0"; }

# seconds_since START: "75 s", or "12 min 5 s" from two minutes on.
seconds_since() {
  local seconds=$((SECONDS - $1))
  if ((seconds < 120)); then
    echo "$seconds s"
  else
    echo "$((seconds / 60)) min $((seconds % 60)) s"
  fi
}

# How many compilers to start: one a core, but each needs up to 1.5 GiB of memory.
jobs_that_fit() {
  local cores memory_gib
  cores=$(nproc)
  memory_gib=$(awk '/^MemAvailable:/ {print int($2 / 1048576)}' /proc/meminfo)
  local fitting=$((memory_gib * 2 / 3))
  ((fitting >= 1)) || fitting=1
  echo $((cores < fitting ? cores : fitting))
}

# cached NAME: what build/ was configured with; nothing if it was not.
cached() { sed -n "s/^$1:[A-Z]*=//p" "$root/build/CMakeCache.txt" 2>/dev/null || true; }

# configure [-DNAME=VALUE…]: configures build/ unless it has these settings already; CMakeLists.txt
# files that changed are the build's own concern.
configure() {
  local setting fresh=true
  [[ -e $root/build/build.ninja ]] || fresh=false
  for setting in "${@#-D}"; do
    [[ $(cached "${setting%%=*}") == "${setting#*=}" ]] || fresh=false
  done
  $fresh || run_cmake build "$@"
}

# configure_preset NAME: configures build-NAME/ as CMakePresets.json says, unless it is there.
configure_preset() { [[ -e $root/build-$1/build.ninja ]] || run_cmake "build-$1" --preset "$1"; }

# run_cmake FOLDER ARGUMENT…
run_cmake() {
  local log=$root/$1/configure.log
  say "configuring $1/"
  mkdir -p "$root/$1"
  if ! (cd "$root" && cmake -S . -B "$1" -G Ninja "${@:2}") >"$log" 2>&1; then
    cat "$log" >&2
    fail "could not configure, see above; if $1/ is of another place or generator, remove it"
  fi
}

# build_in FOLDER TARGET…
build_in() {
  local jobs
  jobs=$(jobs_that_fit)
  say "building $1/ with $jobs jobs"
  cmake --build "$root/$1" -j "$jobs" --target "${@:2}" >&2 ||
    fail "the build failed, see above; the same command goes on where it stopped"
}

# build TARGET…
build() { build_in build "$@"; }
