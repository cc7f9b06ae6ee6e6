-- What the outlet reads and remembers.

-- name: only_outlet
-- One outlet at a time; the lock goes with the session.
SELECT pg_try_advisory_lock($1)

-- name: cursor
-- How far the events have gone out.
SELECT txid, account_id, seq FROM outlet WHERE name = $1

-- name: move
-- Remember how far the events have gone out.
INSERT INTO outlet (name, txid, account_id, seq) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET txid = excluded.txid, account_id = excluded.account_id, seq = excluded.seq

-- name: horizon
-- Transactions below this one have ended, so that no event can still appear among theirs.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint

-- name: page
-- The next events after a cursor within a span of transactions.
SELECT txid, account_id, seq, posted_on, body, recorded_at
FROM event
WHERE txid >= $4 AND txid < $5 AND (txid, account_id, seq) > ($1::bigint, $2::bigint, $3::integer)
ORDER BY txid, account_id, seq
LIMIT $6

-- name: behind
-- Events that have not gone out yet, counted up to a limit.
SELECT count(*)
FROM (
    SELECT FROM event
    WHERE txid >= $1 AND (txid, account_id, seq) > ($1::bigint, $2::bigint, $3::integer)
    LIMIT $4
) AS waiting
