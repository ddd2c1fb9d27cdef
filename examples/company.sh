#!/bin/bash
# A company's first day with Wharf, told by its API, skopeo and podman: an organization with two teams and a default permission, a robot
# that pushes from CI, a developer who pulls, a contractor who may not, why that is so, and a right that is taken away from a client
# that is just using it.
#
#   ADMIN=admin:PASSWORD examples/company.sh http://127.0.0.1:5000 IMAGE [URL-OF-A-SECOND-REPLICA]
#
# ADMIN is a superuser. IMAGE is what CI pushes, as skopeo names it, for example oci:layout:v1 or docker://quay.io/quay/busybox.
# PODMAN may hold podman with options. Needs curl, jq, skopeo and podman. It makes the organization "acme" plus a random suffix, and leaves it there.
set -euo pipefail
url=${1:?the address of the registry, for example http://127.0.0.1:5000} image=${2:?an image, for example oci:layout:v1} second=${3:-$1}
: "${ADMIN:?ADMIN=name:password of a superuser}"
host=${url#*://} id=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n') work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
org=acme$id tls=true
[[ $url = https://* ]] || tls=false
from=true
[[ $image = docker://$host/* ]] && from=$tls
read -ra podman <<< "${PODMAN:-podman}"

say() { printf '\n== %s\n' "$*"; }
# api USER:PASSWORD METHOD PATH [JSON]: fails, with the answer, unless the status is 2xx.
api() {
  local out=$work/answer status
  status=$(curl -sS -o "$out" -w '%{http_code}' -u "$1" -X "$2" "$url/api/v1/$3" ${4:+-H 'Content-Type: application/json' -d "$4"})
  [[ $status = 2* ]] || { printf '%s %s: %s\n' "$2" "$3" "$status" >&2; cat "$out" >&2; return 1; }
  cat "$out"
}
person() { api "$ADMIN" POST superuser/users/ "{\"username\":\"$1$id\",\"email\":\"$1$id@example.test\"}" | jq -r '"\(.username):\(.password)"'; }
login() { printf %s "${1#*:}" | REGISTRY_AUTH_FILE=$work/$2.json skopeo login --tls-verify=$tls -u "${1%%:*}" --password-stdin "$host" > /dev/null; }

say "Three people"
alice=$(person alice) dev=$(person dev) contractor=$(person contractor)
printf '%s\n' "${alice%%:*}" "${dev%%:*}" "${contractor%%:*}"

say "Alice makes the organization $org with the teams builders (may make repositories) and developers"
api "$alice" POST organization/ "{\"name\":\"$org\",\"email\":\"$org@example.test\"}" > /dev/null
api "$alice" PUT "organization/$org/team/builders" '{"role":"creator","description":"What CI runs as"}' > /dev/null
api "$alice" PUT "organization/$org/team/developers" '{"role":"member"}' > /dev/null
api "$alice" PUT "organization/$org/team/developers/members/${dev%%:*}" '{}' > /dev/null

say "By default the developers may read whatever is made there"
api "$alice" POST "organization/$org/prototypes" '{"role":"read","delegate":{"name":"developers","kind":"team"}}' | jq -c '{role, delegate: .delegate.name}'

say "A robot for CI, in the team builders, and its credential file"
api "$alice" PUT "organization/$org/robots/ci" '{"description":"pushes from CI"}' | jq -r .name
api "$alice" PUT "organization/$org/team/builders/members/$org+ci" '{}' > /dev/null
api "$alice" GET "organization/$org/robots/ci/credentials/docker-config" > "$work/ci.json"

say "CI pushes; the repository comes to be by that"
skopeo copy --quiet --src-tls-verify=$from --dest-authfile "$work/ci.json" --dest-tls-verify=$tls "$image" "docker://$host/$org/app:v1"

say "The developer pulls"
login "$dev" dev
REGISTRY_AUTH_FILE=$work/dev.json "${podman[@]}" pull --quiet --tls-verify=$tls "$host/$org/app:v1"

say "The contractor may not"
login "$contractor" contractor
if REGISTRY_AUTH_FILE=$work/contractor.json skopeo inspect --tls-verify=$tls "docker://$host/$org/app:v1" > "$work/refused" 2>&1; then
  echo "The contractor was let in." >&2
  exit 1
fi
tail -n 1 "$work/refused"

say "Why?"
for who in "${dev%%:*}" "${contractor%%:*}" "$org+ci"; do
  api "$alice" GET "permission/explain?repository=$org/app&action=pull&subject=$(jq -rn --arg s "$who" '$s|@uri')" | jq -r .reason
done

say "The developer's client has a token and uses it, at the second replica if there is one"
token=$(curl -sSf -u "$dev" "$second/v2/auth?service=wharf&scope=repository:$org/app:pull" | jq -r .token)
pull() { curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" "$second/v2/$org/app/manifests/v1" -H 'Accept: application/vnd.oci.image.manifest.v1+json'; }
[[ $(pull) = 200 ]]
echo "200"

say "Alice takes the developer out of the team; the client's next pulls:"
api "$alice" DELETE "organization/$org/team/developers/members/${dev%%:*}" > /dev/null
since=$(date +%s%3N)
until status=$(pull); took=$(( $(date +%s%3N) - since )); [[ $status != 200 ]]; do
  (( took < 5000 )) || { echo "Still 200 after $took ms." >&2; exit 1; }
done
echo "$status after $took ms"
if REGISTRY_AUTH_FILE=$work/dev.json skopeo inspect --tls-verify=$tls "docker://$host/$org/app:v1" > /dev/null 2>&1; then
  echo "The developer was let in again." >&2
  exit 1
fi
say "Done"
