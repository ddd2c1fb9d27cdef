#!/usr/bin/env bash
# Builds the web interface into the directory that is given, when its sources changed since it was last built there.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
out=${1:?where to}

if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null; then
  echo "Node.js 20.19 or later is not here: Wharf is built without its web interface."
  rm -rf "$out" "$out.cdx.json"
  exit 0
fi

content() { # of all that the pages are made from
  find . ../openapi/wharf.json \( -name node_modules -o -name schema.d.ts -o -path ./tests \) -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16
}
now=$(content)
[ "$(cat "$out.stamp" 2>/dev/null)" != "$now" ] || [ ! -f "$out/index.html" ] || [ ! -f "$out.cdx.json" ] || exit 0

if ! cmp -s package-lock.json node_modules/.wharf-lock; then
  npm ci --loglevel=error
  cp package-lock.json node_modules/.wharf-lock
fi
npm run --silent types >/dev/null
npm run --silent check
WHARF_WEB_OUT=$out npm run --silent build -- --logLevel error
# What the pages are made of, without what differs from one build to the next: equal sources give equal bytes.
npm sbom --omit=dev --sbom-format=cyclonedx | node -e '
  const bom = JSON.parse(require("fs").readFileSync(0, "utf8"));
  delete bom.serialNumber;
  delete bom.metadata.timestamp;
  for (const c of bom.components) delete c.externalReferences;
  console.log(JSON.stringify(bom, null, 2));' > "$out.cdx.json"
echo "$now" > "$out.stamp"
