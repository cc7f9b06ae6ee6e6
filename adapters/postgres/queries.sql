-- Every statement that Tenor sends, by name.

-- name: begin
-- Open a commit and lock the shard's row: no row, and somebody else owns the shard.
BEGIN;
SELECT FROM shard
WHERE shard = current_setting('tenor.shard')::integer AND epoch = current_setting('tenor.epoch')::bigint
FOR UPDATE

-- name: remember_claim
-- Tell this session which epoch its commits must find.
SELECT set_config('tenor.shard', $1::integer::text, false), set_config('tenor.epoch', $2::bigint::text, false)

-- name: end_sessions
-- End other sessions of this name: a frozen owner may hold the epoch's row.
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE application_name LIKE $1 AND datname = current_database() AND pid <> pg_backend_pid()

-- name: wait_briefly
-- Give up on a lock soon: its holder has to be ended first.
SET LOCAL lock_timeout = '200ms'

-- name: raise_epoch
-- Take a shard over.
UPDATE shard SET epoch = epoch + 1 WHERE shard = $1 RETURNING epoch

-- name: slots_of
-- The slots that a shard owns.
SELECT slot FROM slot WHERE shard = $1

-- name: closed_through
-- The last day of the accounting periods that are closed.
SELECT closed_through FROM book

-- name: close_period
-- Close the accounting periods through a day before the business date; a closed one stays closed.
UPDATE book SET closed_through = greatest(closed_through, $1::date) WHERE $1::date < business_date RETURNING closed_through

-- name: business_date
-- The open business date.
SELECT business_date FROM book

-- name: write_accounts
-- Insert or update accounts; currency, slot and opening date never change.
INSERT INTO account (account_id, slot, currency, opened_on, credit_limit, frozen, unapplied, deposit)
SELECT * FROM unnest(
    $1::bigint[], $2::smallint[], $3::text[], $4::date[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[]
)
ON CONFLICT (account_id) DO UPDATE SET
    credit_limit = excluded.credit_limit,
    frozen = excluded.frozen,
    unapplied = excluded.unapplied,
    deposit = excluded.deposit

-- name: stage_loans
-- Where a commit lands its loans by COPY: packing 16 arrays would cost the client twice the work.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_loan (
    loan_id bigint,
    principal bigint,
    past_due bigint,
    interest_due bigint,
    fee_due bigint,
    penalty_due bigint,
    period_interest bigint,
    period_earned bigint,
    oldest_due date,
    wake_on date,
    period_start date,
    period_end date,
    bucket smallint,
    non_accrual boolean,
    status text,
    penalty_base text,
    state bytea
) ON COMMIT DELETE ROWS

-- name: update_loans
-- Bring the loans that are on the book to their staged state.
UPDATE loan SET
    status = staged.status,
    principal = staged.principal,
    past_due = staged.past_due,
    interest_due = staged.interest_due,
    fee_due = staged.fee_due,
    penalty_due = staged.penalty_due,
    oldest_due = staged.oldest_due,
    bucket = staged.bucket,
    non_accrual = staged.non_accrual,
    wake_on = staged.wake_on,
    period_start = staged.period_start,
    period_end = staged.period_end,
    period_interest = staged.period_interest,
    period_earned = staged.period_earned,
    penalty_base = staged.penalty_base,
    state = staged.state
FROM staged_loan AS staged
WHERE loan.loan_id = staged.loan_id

-- name: sign_loans
-- Put the staged loans that come with a contract on the book; one that is there already takes the contract's terms.
INSERT INTO loan (
    loan_id, slot, currency, product, rounding, penalty_ppb, penalty_denominator,
    status, principal, past_due, interest_due, fee_due, penalty_due, oldest_due,
    bucket, non_accrual, wake_on, period_start, period_end, period_interest, period_earned, penalty_base, state
)
SELECT
    loan_id, slot, currency, product, rounding::rounding, penalty_ppb, penalty_denominator,
    status, principal, past_due, interest_due, fee_due, penalty_due, oldest_due,
    bucket, non_accrual, wake_on, period_start, period_end, period_interest, period_earned, penalty_base, state
FROM unnest(
    $1::bigint[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[]
) AS signed (loan_id, slot, currency, product, rounding, penalty_ppb, penalty_denominator)
JOIN staged_loan USING (loan_id)
ON CONFLICT (loan_id) DO UPDATE SET
    product = excluded.product,
    rounding = excluded.rounding,
    penalty_ppb = excluded.penalty_ppb,
    penalty_denominator = excluded.penalty_denominator

-- name: write_contracts
-- Insert or replace what was signed.
INSERT INTO contract (loan_id, body)
SELECT * FROM unnest($1::bigint[], $2::bytea[])
ON CONFLICT (loan_id) DO UPDATE SET body = excluded.body

-- name: add_to_ledger
-- Add a commit's debits and credits to the shard's running sums.
INSERT INTO ledger_day AS day (shard, posted_on, currency, product, gl, debit, credit)
SELECT $1, new.*
FROM unnest($2::date[], $3::text[], $4::text[], $5::integer[], $6::bigint[], $7::bigint[]) AS new
ON CONFLICT (shard, posted_on, currency, product, gl) DO UPDATE SET
    debit = day.debit + excluded.debit,
    credit = day.credit + excluded.credit

-- name: write_files
-- Insert or replace credit files.
INSERT INTO credit_file (account_id, body, erasure_asked_on)
SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::date[])
ON CONFLICT (account_id) DO UPDATE SET body = excluded.body, erasure_asked_on = excluded.erasure_asked_on

-- name: write_applications
-- Insert or update applications; what changes last is what the queue asks for.
INSERT INTO application (
    account_id, number, product, status, amount, installments, submitted_on, expires_on, claimed_by, claimed_until
)
SELECT * FROM unnest(
    $1::bigint[], $2::integer[], $3::text[], $4::text[], $5::bigint[], $6::integer[], $7::date[], $8::date[],
    $9::text[], $10::date[]
)
ON CONFLICT (account_id, number) DO UPDATE SET
    status = excluded.status,
    amount = excluded.amount,
    installments = excluded.installments,
    claimed_by = excluded.claimed_by,
    claimed_until = excluded.claimed_until

-- name: write_proposals
-- Insert or update proposed changes of terms; only a decision changes one.
INSERT INTO proposal (account_id, number, loan_id, change, signal, proposed_on, status)
SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::text[], $6::date[], $7::text[])
ON CONFLICT (account_id, number) DO UPDATE SET status = excluded.status

-- name: write_secrets
-- Insert sealed personal data.
INSERT INTO secret (account_id, kind, number, found_by, sealed, key_id)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::text[], $5::bytea[], $6::bigint[])

-- name: erase
-- Destroy personal data of accounts, with the contract texts, which name the borrower; let the people have another account.
WITH texts AS (
    DELETE FROM contract_text WHERE account_id = ANY($1::bigint[])
), freed AS (
    DELETE FROM person WHERE account_id = ANY($1::bigint[])
)
DELETE FROM secret WHERE account_id = ANY($1::bigint[])

-- name: claim_people
-- Give people to accounts; in one order everywhere, so that two who claim the same people do not wait for each other.
INSERT INTO person (account_id, found_by)
SELECT DISTINCT ON (found_by) account_id, found_by
FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS asked (found_by, account_id, place)
ORDER BY found_by, place
ON CONFLICT (found_by) DO NOTHING

-- name: owners
-- Whose people are.
SELECT found_by, account_id FROM person WHERE found_by = ANY($1::text[])

-- name: free_people
-- Free people who were claimed for an account and never identified there; all epochs have been raised.
DELETE FROM person
WHERE NOT EXISTS (
    SELECT FROM secret
    WHERE secret.account_id = person.account_id AND secret.kind = 'person' AND secret.found_by = person.found_by
)

-- name: write_contract_texts
-- Insert the texts of offered contracts.
INSERT INTO contract_text (account_id, agreement, digest, sealed, key_id)
SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::bytea[], $5::bigint[])

-- name: write_payout_orders
-- Insert orders for money to leave.
INSERT INTO payout_order (order_number, account_id, payout, currency, amount, bank, bank_account)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::text[], $5::bigint[], $6::text[], $7::integer[])

-- name: load
-- Accounts with their loans, contracts and the head of their event chain; one row for each loan, in number order.
SELECT
    account.account_id, account.slot, account.currency, account.opened_on, account.credit_limit, account.frozen,
    account.unapplied, account.deposit, account.suspended, head.seq, head.hash, loan.wake_on, loan.state, contract.body,
    credit_file.body AS file
FROM unnest($1::bigint[]) AS wanted (account_id)
JOIN account USING (account_id)
CROSS JOIN LATERAL (
    SELECT seq, hash FROM event WHERE event.account_id = account.account_id ORDER BY seq DESC LIMIT 1
) AS head
LEFT JOIN credit_file ON credit_file.account_id = account.account_id
LEFT JOIN loan ON loan.loan_id BETWEEN account.account_id * 10000 + 1 AND account.account_id * 10000 + 9999
LEFT JOIN contract ON contract.loan_id = loan.loan_id
ORDER BY account.account_id, loan.loan_id

-- name: recorded
-- Which of these request keys are on record, and with what reply.
SELECT key, fingerprint, reply FROM request WHERE key = ANY($1::uuid[])

-- name: history
-- An account's events, oldest first.
SELECT seq, body FROM event WHERE account_id = $1 ORDER BY seq

-- name: transactions
-- The next events of an account, of some kinds alone if any are named, each with when it was recorded.
SELECT seq, body, recorded_at FROM event
WHERE account_id = $1 AND seq > $2 AND ($4::smallint[] = '{}' OR kind = ANY($4))
ORDER BY seq
LIMIT $3

-- name: chain
-- An account's events with all that proves them, oldest first, and when each was recorded.
SELECT account_id, seq, kind, effective_on, posted_on, body, hash, recorded_at
FROM event WHERE account_id = $1 ORDER BY seq

-- name: due
-- Accounts that the day close must visit; suspended ones wait for an operator.
SELECT DISTINCT loan.loan_id / 10000 AS account_id
FROM loan
WHERE loan.slot = ANY($1::smallint[]) AND loan.wake_on <= $2
    AND NOT EXISTS (
        SELECT FROM account WHERE account.account_id = loan.loan_id / 10000 AND account.suspended IS NOT NULL
    )
LIMIT $3

-- name: suspend
-- Mark an account as needing an operator.
UPDATE account SET suspended = $2 WHERE account_id = $1

-- name: suspended
-- Accounts that wait for an operator, and what went wrong.
SELECT account_id, suspended FROM account WHERE suspended IS NOT NULL ORDER BY account_id LIMIT 1000

-- name: add_shards
-- Make sure that shards 0 to n-1 exist.
INSERT INTO shard (shard, epoch) SELECT n, 0 FROM generate_series(0, $1::integer - 1) AS n ON CONFLICT DO NOTHING

-- name: raise_all_epochs
-- Fence every shard, those that lose all their slots too.
UPDATE shard SET epoch = epoch + 1

-- name: spread_slots
-- Deal the slots out to shards 0 to n-1.
INSERT INTO slot (slot, shard)
SELECT s, s % $1::integer FROM generate_series(0, $2::integer - 1) AS s
ON CONFLICT (slot) DO UPDATE SET shard = excluded.shard

-- name: unfit_settings
-- What makes a server unfit to keep money: settings that lose commits in a crash, or a version without what we use.
SELECT name || ' = ' || setting FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' OR name = 'server_version_num' AND setting::integer < 170000

-- name: open_book
-- Open the book on its first business date; a book that is open stays as it is.
INSERT INTO book (business_date, opened_on) VALUES ($1, $1) ON CONFLICT DO NOTHING

-- name: cut
-- Turn the business date, once, and record that this day is being closed.
WITH turned AS (UPDATE book SET business_date = $1::date + 1 WHERE business_date = $1::date RETURNING business_date)
INSERT INTO day_close (business_date) SELECT $1::date FROM turned

-- name: lock_day_close
-- One writer of the book's own events at a time; it takes no snapshot, so what follows reads what it waited for.
LOCK TABLE day_close IN EXCLUSIVE MODE

-- name: mark_accrued
-- Claim a closed day's accrual: once only.
UPDATE day_close SET accrued_at = now() WHERE business_date = $1 AND accrued_at IS NULL

-- name: mark_finished
-- Record that every account has been brought past the cut: once only.
UPDATE day_close SET finished_at = now(), accounts = $2, events = $3 WHERE business_date = $1 AND finished_at IS NULL

-- name: accrual
-- Interest and penalty that active loans have accrued as of a date and not yet been billed, each rounded by its contract;
-- and how much of all that is unpaid, billed or not, stands in suspense.
WITH accrued AS (
    SELECT
        loan.currency,
        loan.product,
        loan.period_earned + CASE
            WHEN loan.period_interest = 0 OR $1::date <= loan.period_start THEN 0
            WHEN $1::date >= loan.period_end THEN loan.period_interest
            ELSE divide(
                loan.period_interest::numeric * ($1::date - loan.period_start),
                loan.period_end - loan.period_start,
                loan.rounding
            )
        END AS interest,
        CASE WHEN loan.penalty_base IS NULL THEN 0 ELSE (
            SELECT coalesce(sum(least(divide(
                (due ->> 0)::numeric * coalesce((due ->> 4)::bigint, loan.penalty_ppb) * ($1::date - (due ->> 1)::date),
                coalesce((due ->> 5)::bigint, loan.penalty_denominator),
                loan.rounding
            ), (due ->> 3)::numeric)), 0)
            FROM jsonb_array_elements(loan.penalty_base::jsonb) AS due
            WHERE $1::date > (due ->> 2)::date
        ) END AS penalty,
        loan.interest_due,
        loan.penalty_due,
        loan.non_accrual
    FROM loan
    WHERE loan.status = 'active'
)
SELECT
    currency,
    product,
    sum(interest)::bigint AS interest,
    sum(penalty)::bigint AS penalty,
    count(*) AS loans,
    coalesce(sum(interest_due + interest) FILTER (WHERE non_accrual), 0)::bigint AS interest_suspended,
    coalesce(sum(penalty_due + penalty) FILTER (WHERE non_accrual), 0)::bigint AS penalty_suspended
FROM accrued
GROUP BY currency, product
ORDER BY currency, product

-- name: balances
-- Present debit balances of some GL accounts by currency and product.
SELECT currency, product, gl, sum(debit - credit)::bigint AS balance
FROM ledger_day
WHERE gl = ANY($1::integer[])
GROUP BY currency, product, gl

-- name: trial_balance
-- Debits, credits and balance of every GL account ($2: of each product), up to a posting date or of all.
SELECT
    currency, gl, sum(debit)::bigint AS debit, sum(credit)::bigint AS credit, sum(debit - credit)::bigint AS balance,
    CASE WHEN $2 THEN product ELSE '' END AS of_product
FROM ledger_day
WHERE $1::date IS NULL OR posted_on <= $1
GROUP BY currency, gl, of_product
ORDER BY currency, gl, of_product

-- name: head
-- The newest event of an account.
SELECT seq, hash FROM event WHERE account_id = $1 ORDER BY seq DESC LIMIT 1

-- name: append_event
-- Append one event of the book itself.
INSERT INTO event (account_id, seq, kind, effective_on, posted_on, body, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: append_postings
-- Append the postings of one event of the book itself.
INSERT INTO posting (account_id, seq, loan, gl, posted_on, amount)
SELECT $1, $2, 0, new.gl, $3, new.amount FROM unnest($4::integer[], $5::bigint[]) AS new (gl, amount)

-- name: unfinished_close
-- The oldest day that was cut and whose close is not finished.
SELECT min(business_date) FROM day_close WHERE finished_at IS NULL

-- name: epoch
-- A shard's present epoch.
SELECT epoch FROM shard WHERE shard = $1

-- name: contract_text
-- The sealed text of a contract that was offered.
SELECT account_id, agreement, digest, sealed, key_id FROM contract_text WHERE account_id = $1 AND agreement = $2

-- name: reviews
-- Applications that wait for an officer: those that expire within three days first, then the oldest. A claim that
-- lapsed holds nobody off.
SELECT
    account_id, number, product, amount, installments, submitted_on, expires_on,
    book.business_date - submitted_on AS days_waiting,
    expires_on - book.business_date <= 3 AS urgent,
    CASE WHEN claimed_until >= book.business_date THEN claimed_by END AS claimed_by,
    CASE WHEN claimed_until >= book.business_date THEN claimed_until END AS claimed_until,
    account.currency
FROM application CROSS JOIN book JOIN account USING (account_id)
WHERE status = 'referred' AND expires_on >= book.business_date AND ($1::text IS NULL OR product = $1)
ORDER BY urgent DESC, submitted_on, account_id, number
LIMIT $2

-- name: proposals
-- Proposed changes of terms that wait for an officer, the oldest first; of loans that run no more nothing is decided.
SELECT
    proposal.account_id, proposal.number, proposal.loan_id, loan.product, proposal.change, proposal.signal,
    loan.principal, proposal.proposed_on, book.business_date - proposal.proposed_on AS days_waiting, loan.currency
FROM proposal JOIN loan USING (loan_id) CROSS JOIN book
WHERE proposal.status = 'waiting' AND loan.status = 'active' AND ($1::text IS NULL OR loan.product = $1)
ORDER BY proposal.proposed_on, proposal.account_id, proposal.number
LIMIT $2
