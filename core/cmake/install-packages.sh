# Sourced, never run: which Debian packages the project needs, and how missing ones get in.
# shellcheck shell=bash

# To build the library and the examples.
SYNOD_BUILD_PACKAGES=(g++ cmake ninja-build ccache libasio-dev libcereal-dev libabsl-dev libisal-dev)
# To build and run the tests besides.
SYNOD_TEST_PACKAGES=(libgtest-dev libgmock-dev python3 spin chromium)
# What .ci/run needs besides: the second compiler, its run-time libraries, the benchmarks.
SYNOD_CI_PACKAGES=(clang-16 libclang-rt-16-dev libbenchmark-dev)

# synod_install_packages PACKAGE…: installs those that are missing, and says which. Needs root or
# sudo only where something is missing. Everything it says goes to standard error.
synod_install_packages() {
  local package missing=() as_root=()
  if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian: make sure that these, or their like, are installed: $*" >&2
    return 0
  fi
  for package in "$@"; do
    dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Missing, and there is no sudo to install them with: ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing: ${missing[*]}" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update </dev/null >&2 &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
      "${missing[@]}" </dev/null >&2
}
