-- name: decisions
-- What the rules decided on days, account by account in order; the file says what became of it.
SELECT event.account_id, event.body, file.body AS file
FROM event JOIN credit_file AS file USING (account_id)
WHERE event.kind = $1 AND event.posted_on BETWEEN $2 AND $3
ORDER BY event.account_id, event.seq

-- name: buckets
-- How late loans that were paid out are.
SELECT loan_id, bucket FROM loan WHERE loan_id = ANY($1::bigint[]) AND status IN ('active', 'closed')
