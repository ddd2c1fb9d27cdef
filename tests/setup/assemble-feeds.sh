#!/usr/bin/env bash
# Lays the real feeds of tests/data/vulndata out as their publishers serve them, for `wharf scan --feeds` and `wharf feeds import`.
set -euo pipefail
[ $# = 1 ] || { echo "usage: assemble-feeds.sh DIRECTORY" >&2; exit 2; }
data=$(dirname "$(readlink -f "$0")")/../data/vulndata
to=$1

put() { # $1: a file of the data, $2: where it goes
  mkdir -p "$to/$(dirname "$2")"
  cp --no-preserve=mode "$data/$1" "$to/$2"
}
put_all() { # $1: a pattern in the data, $2: the directory that they go to
  local file
  for file in "$data"/$1; do put "${file#"$data/"}" "$2/$(basename "$file")"; done
}

# An updateinfo of pages of Amazon's, which say what it would. $1: the release, and then the pages
amazon() {
  local release=$1 page id
  shift
  mkdir -p "$to/amazon/$release"
  {
    echo '<updates>'
    for page; do
      id=$(grep -om1 'ALAS-20[0-9-]*' "$data/samples/amazon/$page")
      echo "<update type=\"security\"><id>ALAS$release-${id#ALAS-}</id><references>"
      grep -o 'CVE-20[0-9]*-[0-9]*' "$data/samples/amazon/$page" | sort -u | sed 's|.*|<reference id="&" type="cve"/>|'
      echo '</references><pkglist><collection>'
      # <br />&nbsp;&nbsp;&nbsp; perf-4.9.76-38.79.amzn2.x86_64<br />
      sed -n 's|<br />|\n|g; /New Packages/p' "$data/samples/amazon/$page" |
        sed -nE 's|^&nbsp;&nbsp;&nbsp; (.*)-([^-]+)-([^-]+)\.([a-z0-9_]+)$|<package name="\1" version="\2" release="\3" arch="\4" epoch="0"/>|p'
      echo '</collection></pkglist></update>'
    done
    echo '</updates>'
  } > "$to/amazon/$release/updateinfo.xml"
}

for ecosystem in Go crates.io PyPI AlmaLinux Bitnami; do put "osv/$ecosystem/all.zip" "osv/$ecosystem/all.zip"; done
for ecosystem in Maven npm NuGet RubyGems Packagist; do put "osv/GHSA-sample/$ecosystem.zip" "osv/$ecosystem/all.zip"; done
for ecosystem in Go crates.io PyPI; do put "osv/GHSA-sample/$ecosystem.zip" "osv/GHSA/$ecosystem.zip"; done
mkdir -p "$to/osv/Rocky Linux"
unzip -qo "$data/osv/distro-samples.zip" 'RLSA-*' -d "$to/osv/Rocky Linux"

for list in DSA DLA; do put "debian-2023-04/$list.list" "debian/$list.list"; done
for version in "$data"/alpine-secdb-2020/v*; do
  for repository in main community; do
    [ ! -f "$version/$repository.json" ] || put "alpine-secdb-2020/$(basename "$version")/$repository.json" "alpine/$(basename "$version")/$repository.json"
  done
done
put alpine-secdb-3.18-partial/main.json alpine/v3.18/main.json
put samples/chainguard-secdb-sample/input/secdb/security.json chainguard/security.json

put_all 'rhel/csaf-vex/*.json' redhat/vex
put_all 'rhel/csaf-advisories/*.json' redhat/advisories
put_all 'ubuntu/osv/*/*/*.json' ubuntu/osv
put_all 'ubuntu/osv/usn/*.json' ubuntu/osv
put_all 'ubuntu/osv-esm-cases/*/*/*.json' ubuntu/osv
put photon/com.vmware.phsa-photon3.xml photon/com.vmware.phsa-photon3.xml
put samples/suse/suse_truncated.xml suse/suse_truncated.xml
for sample in mock_data mock_ksplice_data mock_per_arch_data; do put "samples/oracle/$sample" "oracle/$sample.xml"; done
amazon 2 input/2_html/ALAS-2018-939 mock_html
amazon 2022 input/2022_html/ALAS-2021-001
amazon 2023 input/2023_html/ALAS-2023-126
mkdir -p "$to/azurelinux"
unzip -qo "$data/oval/azurelinux.zip" -d "$to/azurelinux"
put samples/mariner/mariner-truncated-2.0-oval.xml azurelinux/cbl-mariner-2.0-oval.xml
put kev/known_exploited_vulnerabilities.json kev/known_exploited_vulnerabilities.json
put samples/epss/example-1.csv epss/epss_scores.csv
