-- Asks in turn for each of the 1,000 customers that tests/bench/vend has made, and says what came of it in one line:
-- requests per second, milliseconds at 50 and 99 of 100, and how many answers were none.

local requests, at = {}, 0

-- PATH is where to ask, `{}` being the customer; BODY likewise; TOKEN signs in.
function init(arguments)
    local path, body, token = arguments[1], arguments[2], arguments[3]
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.headers["Authorization"] = "Bearer " .. token
    for number = 1, 1000 do
        local customer = "customer-" .. number
        requests[number] = wrk.format(nil, (path:gsub("{}", customer)), nil, (body:gsub("{}", customer)))
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local errors = summary.errors
    local none = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    local second = summary.requests / (summary.duration / 1e6)
    io.write(string.format("result %.0f %.3f %.3f %d\n", second, latency:percentile(50) / 1000, latency:percentile(99) / 1000, none))
end
