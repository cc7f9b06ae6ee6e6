-- What the demo and the benches read back from the journal, and the copy of it that the floor is measured on.

-- name: requests
-- Every request recorded on a posting date, with its reply.
SELECT key, account_id, reply FROM request WHERE recorded_on = $1

-- name: repayments
-- Every repayment (kind 16) posted on a date.
SELECT account_id, seq, body FROM event WHERE kind = 16 AND posted_on = $1

-- name: standings
-- Accounts in a range: principal outstanding of their first loan, and what was signed.
SELECT loan.loan_id / 10000 AS account, loan.principal, contract.body
FROM loan JOIN contract USING (loan_id)
WHERE loan.loan_id BETWEEN $1::bigint * 10000 AND $2::bigint * 10000 + 9999 AND loan.loan_id % 10000 = 1

-- name: owing
-- What is due and unpaid of each account's loans.
SELECT loan_id / 10000 AS account, sum(past_due)::bigint AS due, min(oldest_due) AS oldest_due
FROM loan
WHERE status = 'active' AND past_due > 0
GROUP BY 1
ORDER BY 1

-- name: ageing
-- Open loans by ageing state.
SELECT bucket, count(*) AS loans, sum(principal)::bigint AS principal,
    coalesce(sum(past_due) FILTER (WHERE bucket > 0), 0)::bigint AS past_due
FROM loan
WHERE status = 'active'
GROUP BY bucket
ORDER BY bucket

-- name: loans
-- Loans on the book, whatever their status.
SELECT count(*) FROM loan

-- name: wal_position
-- Bytes of WAL written since the server was made.
SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint

-- name: floor_schema
-- A place for tables of the same structure, on the same server.
CREATE SCHEMA floor

-- name: floor_shards
-- Shards of its own, so that claiming them ends nobody's sessions.
INSERT INTO shard (shard, epoch) SELECT $1 + n, 0 FROM generate_series(0, $2::integer - 1) AS n

-- name: floor_events
-- What the commits that hold repayments of a date wrote, in order of commit.
SELECT txid, account_id, seq, kind, effective_on, posted_on, body, hash
FROM event
WHERE txid IN (SELECT txid FROM event WHERE kind = 16 AND posted_on = $1)
ORDER BY txid

-- name: floor_postings
-- The postings of a date, of borrowers' accounts.
SELECT account_id, seq, gl, loan, amount FROM posting WHERE posted_on = $1 AND account_id > 0

-- name: floor_requests
-- The requests recorded on a date.
SELECT key, account_id, recorded_on, fingerprint, reply FROM request WHERE recorded_on = $1

-- name: floor_loans
-- The loans as the commits left them; the columns are those of LoanRow, in its order.
SELECT loan_id, status, principal, past_due, interest_due, fee_due, penalty_due, oldest_due, bucket, non_accrual,
    wake_on, period_start, period_end, period_interest, period_earned, penalty_base, state
FROM loan

-- name: disbursed
-- Payouts that the bank confirmed and their accounts know of.
SELECT count(*) FROM payout_order WHERE told = 'succeeded'

-- name: pool_overdrawn
-- By how much more is reserved and spent than was put into the pools, and than their days allow.
SELECT coalesce(sum(greatest(0, used - given)), 0)::bigint
FROM (
    SELECT
        pool,
        (SELECT coalesce(sum(reserved + spent), 0) FROM lease WHERE lease.pool = pool.pool) AS used,
        (SELECT coalesce(sum(amount), 0) FROM pool_change WHERE pool_change.pool = pool.pool) AS given
    FROM pool
) AS sums

-- name: contracts
-- What was signed for each active loan, by account.
SELECT loan_id / 10000 AS account, contract.body
FROM contract JOIN loan USING (loan_id)
WHERE loan.status = 'active'
ORDER BY loan_id
