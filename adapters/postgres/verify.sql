-- What the proof of the books reads. Every statement runs on one exported snapshot.

-- name: export_snapshot
-- Let other sessions see exactly what this one sees.
SELECT pg_export_snapshot()

-- name: edges
-- Account ids that cut the book into parts of equal size, and the number of accounts.
SELECT percentile_disc($1::double precision[]) WITHIN GROUP (ORDER BY account_id) AS edges, count(*) AS accounts
FROM account

-- name: events
-- Of events from before their time was kept, the last column is false.
SELECT account_id, seq, kind, effective_on, posted_on, body, hash, recorded_at IS NOT NULL AS timed
FROM event
WHERE account_id >= $1 AND account_id < $2
ORDER BY account_id, seq

-- name: postings
SELECT account_id, seq, gl, loan, amount, posted_on
FROM posting
WHERE account_id >= $1 AND account_id < $2
ORDER BY account_id, seq, gl, loan, amount

-- name: accounts
SELECT account_id, slot, currency, opened_on, credit_limit, frozen, unapplied, deposit
FROM account
WHERE account_id >= $1 AND account_id < $2
ORDER BY account_id

-- name: loans
SELECT
    loan_id / 10000 AS account_id, state, wake_on, penalty_base,
    loan_id, slot, currency, product, rounding::text, penalty_ppb, penalty_denominator, status,
    principal, past_due, interest_due, fee_due, penalty_due, oldest_due, bucket, non_accrual,
    period_start, period_end, period_interest, period_earned
FROM loan
WHERE loan_id >= $1::bigint * 10000 AND loan_id < $2::bigint * 10000
ORDER BY loan_id

-- name: contracts
SELECT loan_id / 10000 AS account_id, loan_id, body
FROM contract
WHERE loan_id >= $1::bigint * 10000 AND loan_id < $2::bigint * 10000
ORDER BY loan_id

-- name: requests
SELECT account_id, key::text, reply
FROM request
WHERE account_id >= $1 AND account_id < $2
ORDER BY account_id

-- name: files
SELECT account_id, body, erasure_asked_on
FROM credit_file
WHERE account_id >= $1 AND account_id < $2
ORDER BY account_id

-- name: applications
SELECT
    account_id, number, product, status, amount, installments, submitted_on, expires_on, claimed_by, claimed_until
FROM application
WHERE account_id >= $1 AND account_id < $2
ORDER BY account_id, number

-- name: proposals
SELECT account_id, number, loan_id, change, signal, proposed_on, status
FROM proposal
WHERE account_id >= $1 AND account_id < $2
ORDER BY account_id, number

-- name: payouts
SELECT account_id, order_number, payout, amount, bank_account
FROM payout_order
WHERE account_id >= $1 AND account_id < $2
ORDER BY account_id, payout

-- name: texts
SELECT account_id, agreement, digest
FROM contract_text
WHERE account_id >= $1 AND account_id < $2
ORDER BY account_id, agreement

-- name: certificates
SELECT account_id, number, sealed
FROM secret
WHERE account_id >= $1 AND account_id < $2 AND kind = 'certificate'
ORDER BY account_id, number

-- name: pool_sums
-- What pools count as reserved and spent, by day of the request.
SELECT pool, day, sum(reserved)::bigint AS reserved, sum(spent)::bigint AS spent
FROM lease
GROUP BY pool, day

-- name: posted
-- Borrowers' postings by day, GL account and currency.
SELECT posting.posted_on, posting.gl, coalesce(account.currency, 'none') AS currency,
    coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint AS debit,
    coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)::bigint AS credit
FROM posting
LEFT JOIN account USING (account_id)
WHERE posting.account_id > 0
GROUP BY posting.posted_on, posting.gl, currency

-- name: ledger
-- The running sums by day, GL account and currency.
SELECT posted_on, gl, currency, sum(debit)::bigint AS debit, sum(credit)::bigint AS credit
FROM ledger_day
GROUP BY posted_on, gl, currency

-- name: business_date
SELECT business_date FROM book
