-- For wrk: requests in batches, and a look at every response. A thread has one connection (as many
-- connections as threads), so that responses must come in the order of its requests.
--
--   wrk -t 4 -c 4 -s pipeline.lua http://… -- <requests in a batch>

local batch, sent, expected = 1, 0, 0
right, wrong, first_wrong = 0, 0, ""

-- Bodies of many lengths, none of which is another's beginning.
local function body(n)
  return n .. ":" .. string.rep("\r\n", n % 200)
end

-- Every fourth asks for the page, the others want their bodies back.
local function is_page(n)
  return n % 4 == 0
end

function init(args)
  batch = tonumber(args[1])
end

function request()
  local requests = {}
  for i = 1, batch do
    sent = sent + 1
    if is_page(sent) then
      requests[i] = wrk.format("GET", "/")
    else
      requests[i] = wrk.format("POST", "/echo", {["X-Number"] = sent}, body(sent))
    end
  end
  return table.concat(requests)
end

function response(status, headers, text)
  -- wrk tries `request` once before it begins.
  if expected == 0 and text ~= body(1) then expected = batch end
  expected = expected + 1
  local should_be = is_page(expected) and "Hello, world!\n" or body(expected)
  if status == 200 and text == should_be and tonumber(headers["Content-Length"]) == #text then
    right = right + 1
  else
    wrong = wrong + 1
    if wrong == 1 then first_wrong = expected .. ": " .. status .. " " .. text end
  end
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function done(summary)
  local total = {right = 0, wrong = 0}
  for _, thread in ipairs(threads) do
    total.right = total.right + thread:get("right")
    total.wrong = total.wrong + thread:get("wrong")
    if thread:get("wrong") > 0 then print("wrong " .. thread:get("first_wrong")) end
  end
  print(string.format("checked: %d right, %d wrong", total.right, total.wrong))
  local errors = summary.errors
  print(string.format(
    "errors: connect %d, read %d, write %d, status %d, timeout %d",
    errors.connect, errors.read, errors.write, errors.status, errors.timeout
  ))
end
