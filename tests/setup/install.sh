#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: Debian packages, registry clients that Debian 12 has not, and Azure's storage emulator.
# Needs root and a Debian 12 machine. Does nothing, in milliseconds, when all is there. Prints what it does, and where the clients are on the last line.
set -euo pipefail

debian_packages=(
  busybox-static                                     # the contents of the test images
  skopeo podman buildah umoci docker.io              # clients
  runc conmon iptables containerd                    # what podman and dockerd need to start
  netavark aardvark-dns
  golang-github-containers-common                    # podman's default configuration
  openssl ca-certificates jq curl xz-utils           # certificates, reports
  git procps util-linux                              # what tests call themselves
  postgresql-15                                      # the other database
  exim4-daemon-light                                 # the mail server
  rsyslog rsyslog-gnutls                             # where the audit trail is sent
  chromium                                           # pages
  ceph-mon ceph-osd ceph-common radosgw              # a store that speaks S3
  debootstrap                                        # an image to compare with dpkg-query
)
# name here, package, release of Debian: static Go binaries that run on Debian 12's libc.
# cosign twice: 2 signs into a tag, 3 into the bundle format that hangs on referrers.
clients=("cosign2 cosign trixie" "cosign3 cosign sid" "oras oras sid" "crane crane sid")

# Azure's own emulator of its blob store, from npm; only its blob part runs.
azurite=3.35.0

cache=${WHARF_TEST_CACHE:-$HOME/.cache/wharf-tests}
bin=$cache/bin
export DEBIAN_FRONTEND=noninteractive
log=$cache/install.log
apt=(apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5 -o APT::Sandbox::User=root -qq)

note() { printf '   %s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$1" >&2
  [ ! -s "$log" ] || { printf 'The last lines of %s:\n' "$log" >&2; tail -n 15 "$log" >&2; }
  exit 2
}

missing_packages() {
  local package
  for package in "${debian_packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || fail "these Debian packages are missing and only root can install them: ${missing[*]}"
  note "installing Debian packages: ${missing[*]}"
  # The tests start their own daemons; the packages must start none.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod +x $policy
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  "${apt[@]}" update >>"$log" 2>&1 || fail "apt-get update failed"
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1 || fail "apt-get could not install ${missing[*]}"
}

# An apt of its own (lists, sources, cache) for the newer releases: apt checks the signature of the release and the SHA-256
# of every file, and this machine's own sources stay as they are. A mirror may be a frozen copy: the date until which its lists are good does not count.
install_clients() {
  local wanted=() entry name package release
  for entry in "${clients[@]}"; do
    read -r name package release <<< "$entry"
    [ -x "$bin/$name" ] || wanted+=("$entry")
  done
  [ ${#wanted[@]} -gt 0 ] || return 0
  note "fetching registry clients: $(printf '%s\n' "${wanted[@]}" | cut -d' ' -f1 | paste -sd' ')"

  local mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg root=$cache/apt
  mirror=$(apt-get indextargets --format '$(SITE)' | grep -m1 -E '/debian/?$') || fail "apt names no Debian mirror: is this Debian?"
  mkdir -p "$root"/{lists/partial,archives/partial,unpacked}
  for release in trixie sid; do
    echo "deb [signed-by=$keyring] $mirror $release main"
  done > "$root/sources.list"
  local own=(-o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o Dir::State::lists="$root/lists"
    -o Dir::Cache="$root" -o Dir::Cache::archives="$root/archives" -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
  "${apt[@]}" "${own[@]}" update >>"$log" 2>&1 || fail "apt-get could not read the lists of Debian trixie and sid"

  for entry in "${wanted[@]}"; do
    read -r name package release <<< "$entry"
    rm -rf "$root/unpacked" && mkdir -p "$root/unpacked"
    (cd "$root/unpacked" && "${apt[@]}" "${own[@]}" download "$package/$release" >>"$log" 2>&1) || fail "Debian $release has no package $package to download"
    dpkg -x "$root/unpacked/$package"_*.deb "$root/unpacked/files"
    install -D -m 755 "$root/unpacked/files/usr/bin/$package" "$bin/$name"
  done
  rm -rf "$root"
}

install_azurite() {
  local at=$cache/azurite
  [ "$(jq -r .version "$at/node_modules/azurite/package.json" 2>/dev/null)" != "$azurite" ] || return 0
  note "fetching azurite $azurite"
  # Beside it first: an interrupted npm leaves half a tree.
  rm -rf "$at.new" && mkdir -p "$at.new"
  (cd "$at.new" && npm install --no-audit --no-fund --no-save --loglevel=error "azurite@$azurite" >>"$log" 2>&1) || fail "npm could not install azurite"
  rm -rf "$at" && mv "$at.new" "$at"
}

mkdir -p "$bin"
exec 9>"$cache/lock"
flock 9 # two test runs may start at once
: > "$log"
install_packages
install_clients
install_azurite
echo "$bin"
