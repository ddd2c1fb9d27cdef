-- One request again and again. BENCH_TOKEN: a bearer token, or nothing; BENCH_PATHS: paths to ask for in turn; BENCH_RANGE: the size of a blob of which parts of 64 KiB are asked for.
local token, size = os.getenv("BENCH_TOKEN"), tonumber(os.getenv("BENCH_RANGE") or "")
local part = 64 * 1024

wrk.headers["Accept"] = "application/vnd.oci.image.manifest.v1+json"
if token and token ~= "" then wrk.headers["Authorization"] = "Bearer " .. token end

if size then
  local n = 0
  request = function()
    n = n + 1
    local start = n * 7919 * 4096 % (size - part)
    wrk.headers["Range"] = string.format("bytes=%d-%d", start, start + part - 1)
    return wrk.format()
  end
end

if os.getenv("BENCH_PATHS") then
  local paths, n = {}, 0
  for path in os.getenv("BENCH_PATHS"):gmatch("%S+") do paths[#paths + 1] = path end
  request = function()
    n = n + 1
    return wrk.format("GET", paths[n % #paths + 1])
  end
end

-- Prints: requests a second, failed requests.
done = function(summary)
  local e = summary.errors
  print(string.format("RESULT %.1f %d", summary.requests / (summary.duration / 1e6), e.status + e.connect + e.read + e.write + e.timeout))
end
