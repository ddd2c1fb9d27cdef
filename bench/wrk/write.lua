-- Changes that must each be answered with 201. BENCH_KIND is
--   mount   POST of BENCH_PATH (it names the blob and where it comes from)
--   upload  POST of BENCH_PATH, then PUT of the content to the Location: a 4 KiB blob that no one has. Its digest is a line of the
--           file BENCH_DIGESTS, from line BENCH_FIRST on; its content is 4096 bytes: the line's number in 16 digits, then BENCH_SEED, filled up with x.
local kind, path, token = os.getenv("BENCH_KIND"), os.getenv("BENCH_PATH"), os.getenv("BENCH_TOKEN")
local threads = {}

setup = function(thread) table.insert(threads, thread) end

if token and token ~= "" then wrk.headers["Authorization"] = "Bearer " .. token end
wrk.headers["Content-Type"] = "application/octet-stream"
made, refused = 0, 0

if kind == "mount" then
  wrk.method, wrk.path = "POST", path
  wrk.headers["Content-Length"] = "0"
  response = function(status)
    if status == 201 then made = made + 1 else refused = refused + 1 end
  end
else
  -- Any connection may put what another one has started: with one thread as many are in flight as there are connections.
  local started, digests, next_line = {}, nil, tonumber(os.getenv("BENCH_FIRST"))
  local seed = os.getenv("BENCH_SEED")
  local filler = seed .. string.rep("x", 4096 - 16 - #seed)

  init = function()
    digests = io.open(os.getenv("BENCH_DIGESTS"))
    digests:seek("set", (next_line - 1) * 65)
  end

  request = function()
    local location = table.remove(started)
    if not location then return wrk.format("POST", path, nil, "") end
    local digest = digests:read("*l")
    if not digest then
      refused = refused + 1 -- the list was too short: the figure would be wrong
      wrk.thread:stop()
      return wrk.format("GET", "/v2/")
    end
    local content = string.format("%016d", next_line) .. filler
    next_line = next_line + 1
    return wrk.format("PUT", location .. (location:find("?", 1, true) and "&" or "?") .. "digest=sha256:" .. digest, nil, content)
  end

  response = function(status, headers)
    if status == 202 then
      local location = headers["Location"] or headers["location"]
      table.insert(started, (location:gsub("^https?://[^/]+", "")))
    elseif status == 201 then
      made = made + 1
    else
      refused = refused + 1
    end
  end
end

-- Prints: what was made a second, failed requests.
done = function(summary)
  local total, failed, e = 0, 0, summary.errors
  for _, thread in ipairs(threads) do
    total, failed = total + thread:get("made"), failed + thread:get("refused")
  end
  print(string.format("RESULT %.1f %d", total / (summary.duration / 1e6), failed + e.connect + e.read + e.write + e.timeout))
end
