-- name: lease_begin
-- Open a change of a shard's leases: whoever takes the shard over waits for it, or it finds a later epoch.
BEGIN;
SELECT pg_advisory_xact_lock_shared(current_setting('tenor.lock')::integer, current_setting('tenor.shard')::integer)

-- name: lease_own
-- Wait for the shard's own commit before the pool is locked; no row, and somebody else owns the shard.
WITH own AS MATERIALIZED (
    SELECT remaining FROM lease WHERE pool = $3 AND shard = $1 AND day = $4 FOR UPDATE
)
SELECT (SELECT count(*) FROM own) FROM shard WHERE shard = $1 AND epoch = $2

-- name: lock_pool
-- A pool, kept as it is until the transaction ends.
SELECT free, daily_limit, short FROM pool WHERE pool = $1 FOR UPDATE

-- name: collect
-- Bring home what shards released of a pool, and return that and what of a day's limit is in use; the pool is locked.
-- What a commit is just changing waits for another time.
WITH found AS (
    SELECT shard, day, released FROM lease WHERE pool = $1 AND released > 0 FOR UPDATE SKIP LOCKED
), emptied AS (
    UPDATE lease SET released = 0 FROM found
    WHERE lease.pool = $1 AND lease.shard = found.shard AND lease.day = found.day
    RETURNING lease.day, found.released
), days AS (
    SELECT day, sum(released)::bigint AS released FROM emptied GROUP BY day
), lowered AS (
    UPDATE pool_day SET leased = pool_day.leased - days.released FROM days
    WHERE pool_day.pool = $1 AND pool_day.day = days.day
), grown AS (
    UPDATE pool SET free = pool.free + freed.amount FROM (SELECT sum(released)::bigint AS amount FROM days) AS freed
    WHERE pool.pool = $1 AND freed.amount > 0
)
SELECT
    coalesce(sum(released), 0)::bigint AS freed,
    (
        coalesce((SELECT leased FROM pool_day WHERE pool = $1 AND day = $2), 0)
        - coalesce(sum(released) FILTER (WHERE day = $2), 0)
    )::bigint AS leased
FROM days

-- name: grant
-- Move money from a pool to a shard's lease, and count it against the day.
WITH paid AS (
    UPDATE pool SET free = free - $4, short = false WHERE pool = $1
), counted AS (
    INSERT INTO pool_day AS old (pool, day, leased) VALUES ($1, $3, $4)
    ON CONFLICT (pool, day) DO UPDATE SET leased = old.leased + $4
)
INSERT INTO lease AS old (pool, shard, day, remaining) VALUES ($1, $2, $3, $4)
ON CONFLICT (pool, shard, day) DO UPDATE SET remaining = old.remaining + $4

-- name: mark_short
-- Remember that somebody did not get what was needed.
UPDATE pool SET short = true WHERE pool = $1 AND NOT short

-- name: take_back
-- Move unspent money from a shard's lease to its pool; no row, and the lease does not hold so much.
WITH given AS (
    UPDATE lease SET remaining = remaining - $4
    WHERE pool = $1 AND shard = $2 AND day = $3 AND remaining >= $4
    RETURNING pool, day
), counted AS (
    UPDATE pool_day SET leased = leased - $4 FROM given WHERE pool_day.pool = given.pool AND pool_day.day = given.day
)
UPDATE pool SET free = free + $4 FROM given WHERE pool.pool = given.pool

-- name: short_pools
-- Which of these pools could not give somebody what was needed.
SELECT pool FROM pool WHERE pool = ANY($1::text[]) AND short

-- name: end_leasing
-- Wait until a shard's former owners change its leases no more; the caller has raised the shard's epoch.
SELECT pg_advisory_xact_lock($1::integer, $2::integer)

-- name: held
-- What a shard holds unspent.
SELECT pool, day, remaining FROM lease WHERE shard = $1 AND remaining > 0

-- name: write_leases
-- Add what a commit reserved, spent and released; the rest of each sum was released.
-- A shard spends only of a row that it was granted; what another one reserved it may settle in a row of its own.
WITH new AS (
    SELECT pool, day, remaining, reserved, spent, -(remaining + reserved + spent) AS released
    FROM unnest($2::text[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[])
        AS new (pool, day, remaining, reserved, spent)
), known AS (
    UPDATE lease AS old SET
        remaining = old.remaining + new.remaining,
        reserved = old.reserved + new.reserved,
        spent = old.spent + new.spent,
        released = old.released + new.released
    FROM new
    WHERE old.pool = new.pool AND old.shard = $1 AND old.day = new.day
    RETURNING old.pool, old.day
)
INSERT INTO lease AS old (pool, shard, day, remaining, reserved, spent, released)
SELECT new.pool, $1, new.day, new.remaining, new.reserved, new.spent, new.released
FROM new
WHERE NOT EXISTS (SELECT FROM known WHERE known.pool = new.pool AND known.day = new.day)
ON CONFLICT (pool, shard, day) DO UPDATE SET
    reserved = old.reserved + excluded.reserved,
    spent = old.spent + excluded.spent,
    released = old.released + excluded.released

-- name: end_all_leasing
-- Wait until no shard changes its leases any more; the caller has raised all epochs.
SELECT pg_advisory_xact_lock($1::integer, shard) FROM shard ORDER BY shard

-- name: return_leases
-- Bring home what shards hold unspent.
WITH found AS (
    SELECT pool, shard, day, remaining FROM lease WHERE remaining > 0 FOR UPDATE
), emptied AS (
    UPDATE lease SET remaining = 0 FROM found
    WHERE lease.pool = found.pool AND lease.shard = found.shard AND lease.day = found.day
), counted AS (
    UPDATE pool_day SET leased = leased - days.remaining
    FROM (SELECT pool, day, sum(remaining)::bigint AS remaining FROM found GROUP BY pool, day) AS days
    WHERE pool_day.pool = days.pool AND pool_day.day = days.day
)
UPDATE pool SET free = free + pools.remaining
FROM (SELECT pool, sum(remaining)::bigint AS remaining FROM found GROUP BY pool) AS pools
WHERE pool.pool = pools.pool

-- name: create_pool
-- Make an empty pool, once.
INSERT INTO pool (pool, currency, daily_limit) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: with_shards
-- What of a pool is with shards.
SELECT coalesce(sum(remaining + released), 0)::bigint FROM lease WHERE pool = $1

-- name: used
-- The most that is reserved or spent of a day from a date on, and the most that is leased.
SELECT coalesce(max(used), 0)::bigint AS used, coalesce(max(leased), 0)::bigint AS leased
FROM pool_day
LEFT JOIN (
    SELECT day, sum(reserved + spent) AS used FROM lease WHERE pool = $1 GROUP BY day
) AS sums USING (day)
WHERE pool = $1 AND day >= $2

-- name: change_pool
-- Put money into a pool or take some out, and set its limit.
UPDATE pool SET free = free + $2, daily_limit = $3 WHERE pool = $1

-- name: record_change
-- Keep who changed a pool.
INSERT INTO pool_change (pool, amount, daily_limit, officer) VALUES ($1, $2, $3, $4)

-- name: changes
-- What was done to a pool, the newest first.
SELECT changed_at, officer, amount, daily_limit FROM pool_change WHERE pool = $1 ORDER BY changed_at DESC LIMIT $2

-- name: pools
-- Pools with what they hold, and what became of a day's money; of one pool or of all.
SELECT
    pool.pool, pool.currency,
    (pool.free + coalesce(sum(lease.remaining + lease.released), 0))::bigint AS balance,
    coalesce(sum(lease.remaining), 0)::bigint AS leased,
    coalesce(sum(lease.reserved), 0)::bigint AS reserved,
    pool.daily_limit,
    coalesce(sum(lease.reserved) FILTER (WHERE lease.day = $2), 0)::bigint AS reserved_today,
    coalesce(sum(lease.spent) FILTER (WHERE lease.day = $2), 0)::bigint AS spent_today,
    coalesce(sum(lease.spent), 0)::bigint AS spent
FROM pool
LEFT JOIN lease ON lease.pool = pool.pool
WHERE $1::text IS NULL OR pool.pool = $1
GROUP BY pool.pool
ORDER BY pool.pool

-- name: unbalanced
-- Pools whose parts do not add up, days that were leased above what shards hold of them, limits that were passed.
SELECT pool, 'holds and spent ' || parts || ' of ' || given AS fault
FROM (
    SELECT
        pool.pool,
        pool.free + coalesce((
            SELECT sum(remaining + reserved + spent + released) FROM lease WHERE lease.pool = pool.pool
        ), 0) AS parts,
        coalesce((SELECT sum(amount) FROM pool_change WHERE pool_change.pool = pool.pool), 0) AS given
    FROM pool
) AS sums
WHERE parts <> given
UNION ALL
SELECT pool, 'counts ' || coalesce(leased, 0) || ' on ' || day || ', its leases ' || coalesce(parts, 0)
FROM (
    SELECT pool, day, sum(remaining + reserved + spent + released) AS parts FROM lease GROUP BY pool, day
) AS sums
FULL JOIN pool_day USING (pool, day)
WHERE parts IS DISTINCT FROM leased AND coalesce(parts, 0) <> coalesce(leased, 0)
UNION ALL
SELECT pool, 'has less than nothing reserved or spent on ' || day
FROM lease GROUP BY pool, day HAVING sum(reserved) < 0 OR sum(spent) < 0
ORDER BY 1, 2
