/**
 * What Redis or Valkey does as one step. The keys of a cluster share a hash tag. Each member counts its calls, and a call that
 * comes late, after one that was made later, does nothing: else a late release could free what was claimed since.
 */

/**
 * KEYS: members, owners, meta. No lease runs by the clock of the engine's host: a member is there until it leaves, or until
 * another one has seen for a lease that nothing comes from it (see `Sightings`) and takes it away.
 */
const COMMON = `
local function member(holder)
  local text = holder and redis.call('HGET', KEYS[1], holder)
  if not text then return nil end
  local ok, found = pcall(cjson.decode, text)
  if ok and type(found) == 'table' and type(found.call) == 'number' and math.abs(found.call) < 2^53 then return found end
  return nil
end
local function run()
  local born = redis.call('HGET', KEYS[3], 'born')
  return born and born .. ' ' .. (string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or '')
end
`;

/**
 * ARGV: lease, holder, call, name, digest, ready, held, most members, run of the engine that has been seen for a lease, members
 * that are gone with their calls.
 */
export const RENEW = `${COMMON}
local t = redis.call('TIME')
local lease, me, call = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local before = member(me)
if before and before.call >= call then return {'stale'} end
local born = redis.call('HGET', KEYS[3], 'born')
if not born then
  born = t[1] .. '.' .. t[2] .. ' ' .. me
  redis.call('HSET', KEYS[3], 'born', born)
end
local this = run()
if ARGV[9] == this then redis.call('HSET', KEYS[3], 'settled', this) end
for _, gone in ipairs(cjson.decode(ARGV[10])) do
  local found = member(gone.holder)
  if found and found.call == gone.call and gone.holder ~= me then redis.call('HDEL', KEYS[1], gone.holder) end
end
local count = 0
for _, holder in ipairs(redis.call('HKEYS', KEYS[1])) do
  if member(holder) then count = count + 1 else redis.call('HDEL', KEYS[1], holder) end
end
if not before and count >= tonumber(ARGV[8]) then return {'full', redis.call('HGETALL', KEYS[1]), this} end
redis.call('HSET', KEYS[1], me, cjson.encode({
  name = ARGV[4], digest = ARGV[5], ready = ARGV[6] == '1', call = call, lease = lease
}))
local force = redis.call('HGET', KEYS[3], 'digest')
local members, inForce = {}, false
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local found = member(all[i])
  if found and found.digest == force then inForce = true end
  table.insert(members, all[i])
  table.insert(members, all[i + 1])
end
if not inForce then
  force = ARGV[5]
  redis.call('HSET', KEYS[3], 'digest', force)
end
local held, lost = {}, {}
for p in string.gmatch(ARGV[7], '%d+') do held[p] = true end
local owners = redis.call('HGETALL', KEYS[2])
local left = {}
for i = 1, #owners, 2 do
  local p, holder = owners[i], owners[i + 1]
  if (holder == me and (not held[p] or not before)) or not member(holder) then
    redis.call('HDEL', KEYS[2], p)
  else
    if holder == me then held[p] = nil end
    table.insert(left, p)
    table.insert(left, holder)
  end
end
for p in pairs(held) do table.insert(lost, p) end
return {'ok', string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)), born, force, members, left, lost, this}
`;

/** ARGV: holder, call, digest, partitions. Nobody gets anything while a lease from before a restart may hold. */
export const CLAIM = `${COMMON}
local me, call = ARGV[1], tonumber(ARGV[2])
local own = member(me)
if not own or own.call >= call then return {} end
own.call = call
redis.call('HSET', KEYS[1], me, cjson.encode(own))
local this = run()
if not this or redis.call('HGET', KEYS[3], 'settled') ~= this then return {} end
if redis.call('HGET', KEYS[3], 'digest') ~= ARGV[3] then return {} end
local granted = {}
for p in string.gmatch(ARGV[4], '%d+') do
  if not member(redis.call('HGET', KEYS[2], p)) then
    redis.call('HSET', KEYS[2], p, me)
    table.insert(granted, p)
  end
end
return granted
`;

/** ARGV: holder, call, partitions, leaving. */
export const RELEASE = `${COMMON}
local me, call = ARGV[1], tonumber(ARGV[2])
local own = member(me)
if not own or own.call >= call then return 0 end
own.call = call
if ARGV[4] == '1' then redis.call('HDEL', KEYS[1], me) else redis.call('HSET', KEYS[1], me, cjson.encode(own)) end
for p in string.gmatch(ARGV[3], '%d+') do
  if redis.call('HGET', KEYS[2], p) == me then redis.call('HDEL', KEYS[2], p) end
end
return 1
`;

/**
 * KEYS: members, owners, the command, its device. ARGV: holder, partition, key, message's time, record, ms that a record is
 * kept, ms by which messages may pass one another, records of a device, goal. One that another owner has begun, and that has a
 * goal, goes on with that goal, unless a newer one has begun since.
 */
export const BEGIN = `${COMMON}
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local me, at = ARGV[1], tonumber(ARGV[4])
if redis.call('HGET', KEYS[2], ARGV[2]) ~= me or not member(me) then return {'notOwner'} end
local known = redis.call('GET', KEYS[3])
if known then
  local ok, found = pcall(cjson.decode, known)
  if not ok or type(found) ~= 'table' or found.state ~= 'begun' or (found.by ~= me and found.goal == '') then return {'known', known} end
  -- A newer one has begun since, with what this one may have led to: it would be taken back.
  if redis.call('ZCOUNT', KEYS[4], string.format('(%.17g', found.at), now + tonumber(ARGV[7])) > 0 then
    if found.by == me then return {'older'} end
    return {'known', known}
  end
  found.by = me
  redis.call('SET', KEYS[3], cjson.encode(found), 'PX', ARGV[6])
  return {'begun', found.goal}
end
local passing = tonumber(ARGV[7])
-- What seems to come from the future was written before the clock was set back, and tells nothing of an order.
redis.call('ZREMRANGEBYSCORE', KEYS[4], string.format('(%.0f', now + passing), '+inf')
local last = redis.call('ZRANGE', KEYS[4], -1, -1, 'WITHSCORES')
if last[2] and tonumber(last[2]) > at + passing then return {'older'} end
redis.call('SET', KEYS[3], ARGV[5], 'PX', ARGV[6])
redis.call('ZADD', KEYS[4], at, ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -1 - tonumber(ARGV[8]))
redis.call('PEXPIRE', KEYS[4], ARGV[6])
return {'begun', ARGV[9]}
`;

/**
 * KEYS: the command, its device. ARGV: key, message's time, record, ms that a record is kept, records of a device, holder: what
 * became of its command, written only where nothing newer is known; or nothing, and it is written in any case.
 */
export const FINISH = `
if ARGV[6] ~= '' then
  local known = redis.call('GET', KEYS[1])
  if known then
    local ok, found = pcall(cjson.decode, known)
    if ok and type(found) == 'table' and (found.state ~= 'begun' or found.by ~= ARGV[6]) then return 0 end
  end
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[5]))
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
`;

/** KEYS: members, owners, what is kept. ARGV: holder, partition, text, s. */
export const KEEP = `${COMMON}
if redis.call('HGET', KEYS[2], ARGV[2]) ~= ARGV[1] or not member(ARGV[1]) then return 0 end
redis.call('SET', KEYS[3], ARGV[3], 'EX', ARGV[4])
return 1
`;
