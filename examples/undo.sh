#!/bin/bash
# What was done by mistake is undone: a tag that was moved, one that was deleted, a repository and a whole organization. At the end the
# image is pulled by its digest again, and the log tells who did what.
#
#   ADMIN=admin:PASSWORD examples/undo.sh http://127.0.0.1:5000 IMAGE
#
# ADMIN is a superuser, who makes a person for this; with OWNER=name:password it is that person's. IMAGE is what is pushed, as skopeo names
# it, for example oci:layout:v1 or docker://quay.io/quay/busybox. Needs curl, jq and skopeo. It makes the organization "undo" plus a random suffix, and leaves
# it there, under the name undo...-back.
set -euo pipefail
url=${1:?the address of the registry, for example http://127.0.0.1:5000} image=${2:?an image, for example oci:layout:v1}
[[ ${OWNER:-} ]] || : "${ADMIN:?ADMIN=name:password of a superuser}"
host=${url#*://} id=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n') work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
org=undo$id back=undo$id-back tls=true
[[ $url = https://* ]] || tls=false
from=true
[[ $image = docker://$host/* ]] && from=$tls
export REGISTRY_AUTH_FILE=$work/auth.json

say() { printf '\n== %s\n' "$*"; }
# api USER:PASSWORD METHOD PATH [JSON]: fails, with the answer, unless the status is 2xx.
api() {
  local out=$work/answer status
  status=$(curl -sS -o "$out" -w '%{http_code}' -u "$1" -X "$2" "$url/api/v1/$3" ${4:+-H 'Content-Type: application/json' -d "$4"})
  [[ $status = 2* ]] || { printf '%s %s: %s\n' "$2" "$3" "$status" >&2; cat "$out" >&2; return 1; }
  cat "$out"
}
digest() { skopeo inspect --no-tags --tls-verify=$tls --format '{{.Digest}}' "docker://$host/$1"; }
# is WHAT DIGEST: fails unless a client that asks for it gets just that.
is() { local got; got=$(digest "$1"); [[ $got = "$2" ]] || { echo "$1 is $got, not $2" >&2; return 1; }; echo "$1 is $got"; }

if [[ ${OWNER:-} ]]; then owner=$OWNER; else
  owner=$(api "$ADMIN" POST superuser/users/ "{\"username\":\"undoer$id\",\"email\":\"undoer$id@example.test\"}" | jq -r '"\(.username):\(.password)"')
fi
printf %s "${owner#*:}" | skopeo login --tls-verify=$tls -u "${owner%%:*}" --password-stdin "$host" > /dev/null

say "The organization $org, with a robot, and an image: $org/app:v1"
api "$owner" POST organization/ "{\"name\":\"$org\",\"email\":\"$org@example.test\"}" > /dev/null
token=$(api "$owner" PUT "organization/$org/robots/ci" '{"description":"pulls"}' | jq -r .token)
skopeo copy --quiet --src-tls-verify=$from --dest-tls-verify=$tls "$image" "docker://$host/$org/app:v1"
api "$owner" PUT "repository/$org/app/permissions/user/$org+ci" '{"role":"read"}' > /dev/null
good=$(digest "$org/app:v1")
echo "$good"

# A full second in which nothing changes, since the form of a tag for a time is to the second.
then=$(( $(date +%s) + 1 ))
until (( $(date +%s) > then )); do sleep 0.2; done
compact=$(date -u -d "@$then" +%Y%m%dT%H%M%SZ) then=$(date -u -d "@$then" +%Y-%m-%dT%H:%M:%SZ)

say "By mistake v1 is pushed again, with something else"
skopeo inspect --raw --tls-verify=$tls "docker://$host/$org/app:v1" > "$work/manifest"
type=$(jq -r '.mediaType // "application/vnd.oci.image.manifest.v1+json"' "$work/manifest")
jq '.annotations.note = "by mistake"' "$work/manifest" | curl -sSf -u "$owner" -X PUT -H "Content-Type: $type" --data-binary @- "$url/v2/$org/app/manifests/v1"
bad=$(digest "$org/app:v1")
[[ $bad != "$good" ]]
echo "$bad"

say "What v1 was at $then is still to be had by any client, and what changed since is told"
is "$org/app:v1.at.$compact" "$good"
api "$owner" GET "repository/$org/app/timemachine/diff?from=$then" | jq -c '.differences[] | {name, change, by, from_digest, to_digest}'

say "v1 goes back to what it was"
api "$owner" POST "repository/$org/app/tag/v1/restore" "{\"manifest_digest\":\"$good\"}" > /dev/null
is "$org/app:v1" "$good"

say "v1 is deleted; who pulls it is told how to have it back"
api "$owner" DELETE "repository/$org/app/tag/v1"
curl -sS -u "$owner" "$url/v2/$org/app/manifests/v1" | jq -r '.errors[0] | "\(.code): \(.message)\n\(.detail)"'

say "The repository goes back to $then, with all its tags"
api "$owner" POST "repository/$org/app/timemachine/restore" "{\"as_of\":\"$then\"}" | jq -c '{added, moved, removed}'
is "$org/app:v1" "$good"

say "The repository is deleted, and comes back"
api "$owner" DELETE "repository/$org/app"
if digest "$org/app:v1" > /dev/null 2>&1; then echo "It is still there." >&2; exit 1; fi
api "$owner" POST "repository/$org/app/restore" > /dev/null
is "$org/app:v1" "$good"

say "The organization is deleted, and comes back under another name: $back"
api "$owner" DELETE "organization/$org"
if digest "$org/app:v1" > /dev/null 2>&1; then echo "It is still there." >&2; exit 1; fi
api "$owner" POST "organization/$org/restore" "{\"new_name\":\"$back\"}"

say "Its robot, whose name is $back+ci now, pulls by the digest"
skopeo copy --quiet --src-creds "$back+ci:$token" --src-tls-verify=$tls "docker://$host/$back/app@$good" "dir:$work/pulled"
[[ sha256:$(sha256sum < "$work/pulled/manifest.json" | cut -d' ' -f1) = "$good" ]]
echo "$good"

say "The log of the organization, the last first"
api "$owner" GET "organization/$back/logs?changes=true&limit=100" | jq -r '.logs[] | "\(.datetime) \(.performer.name // "the registry"): \(.kind)"'
say "Done"
