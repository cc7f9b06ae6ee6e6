-- What payers, the bank's notices and operators read and write of payout orders. Rows come with the group commit of a shard.

-- name: claim_asks
-- Take due orders that the bank is to be asked about; another payer sees them when the lease ends.
UPDATE payout_order AS ours SET
    state = CASE ours.state WHEN 'pending' THEN 'sent' ELSE ours.state END,
    submitted_at = coalesce(ours.submitted_at, now()),
    next_try_at = now() + make_interval(secs => $2)
FROM (
    SELECT order_number, state FROM payout_order
    WHERE next_try_at <= now() AND next_try_at < 'infinity' AND (state IN ('pending', 'sent') OR state = told)
    ORDER BY next_try_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED
) AS due
WHERE ours.order_number = due.order_number
RETURNING
    ours.order_number, account_id, payout, currency, amount, bank, bank_account, due.state, told, tries, rounds,
    reference, reason, extract(epoch FROM now() - submitted_at)::float8

-- name: claim_tells
-- Take due orders with news that their accounts do not have.
UPDATE payout_order AS ours SET next_try_at = now() + make_interval(secs => $2)
FROM (
    SELECT order_number, state FROM payout_order
    WHERE next_try_at <= now() AND next_try_at < 'infinity'
        AND state <> told AND state IN ('succeeded', 'failed', 'returned')
    ORDER BY next_try_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED
) AS due
WHERE ours.order_number = due.order_number
RETURNING
    ours.order_number, account_id, payout, currency, amount, bank, bank_account, due.state, told, tries, rounds,
    reference, reason, extract(epoch FROM now() - submitted_at)::float8

-- name: lock
-- Orders by number as they are now, kept as they are until the transaction ends.
SELECT
    order_number, state, told, tries, rounds, reference, reason,
    coalesce(extract(epoch FROM now() - submitted_at), 0)::float8 AS age_seconds
FROM payout_order
WHERE order_number = ANY($1::text[])
ORDER BY order_number
FOR UPDATE

-- name: write
-- How far orders have come; without a number of seconds the next look stays as it was planned.
UPDATE payout_order AS ours SET
    state = come.state, told = come.told, tries = come.tries, rounds = come.rounds, reference = come.reference,
    reason = come.reason,
    next_try_at = CASE
        WHEN come.due_in IS NULL THEN ours.next_try_at
        WHEN come.due_in = 'infinity' THEN 'infinity'
        ELSE now() + make_interval(secs => come.due_in)
    END
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::text[], $7::text[], $8::float8[]
) AS come (order_number, state, told, tries, rounds, reference, reason, due_in)
WHERE ours.order_number = come.order_number

-- name: record_change
-- Keep what an officer did to an order.
INSERT INTO payout_change (order_number, officer, change, note) VALUES ($1, $2, $3, $4)

-- name: order
-- One order as operators see it.
SELECT
    order_number, account_id, payout, currency, amount, bank, state, told, tries, reference, reason, submitted_at,
    nullif(next_try_at, 'infinity') AS next_try_at
FROM payout_order
WHERE order_number = $1

-- name: changes
-- What officers did to an order, the newest first.
SELECT changed_at, officer, change, note FROM payout_change WHERE order_number = $1 ORDER BY changed_at DESC LIMIT $2

-- name: open_orders
-- Orders that are not over, the longest waiting first; stuck ones alone if wanted.
SELECT
    order_number, account_id, payout, currency, amount, bank, state, told, tries, reference, reason, submitted_at,
    nullif(next_try_at, 'infinity') AS next_try_at
FROM payout_order
WHERE state <> told AND (NOT $1::boolean OR state = 'disputed' OR tries >= $2)
ORDER BY submitted_at NULLS LAST, order_number
LIMIT $3

-- name: to_reconcile
-- Orders, in their order of number, as a bank's statement is compared with them.
SELECT order_number, currency, amount, state, reference
FROM payout_order
WHERE order_number > $1 AND state <> 'pending'
ORDER BY order_number
LIMIT $2
