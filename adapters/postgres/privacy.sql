-- name: people
-- Who these borrowers are, sealed.
SELECT account_id, kind, number, found_by, sealed, key_id FROM secret
WHERE account_id = ANY($1::bigint[]) AND kind IN ('person', 'phone');

-- name: found
-- The accounts that a keyed hash belongs to, whatever kind of number it was made of.
SELECT DISTINCT account_id FROM secret WHERE found_by = $1 AND found_by <> '' ORDER BY account_id;

-- name: bank_accounts
-- A borrower's bank accounts, sealed.
SELECT account_id, kind, number, found_by, sealed, key_id FROM secret
WHERE account_id = $1 AND kind = 'bank_account' ORDER BY number;

-- name: any_key
-- The key of any sealed row: enough to notice that a keyring was made anew.
(SELECT key_id FROM secret LIMIT 1) UNION ALL (SELECT key_id FROM contract_text LIMIT 1);

-- name: rows_under
-- How many rows only this key opens. Reads all of them: for operators.
SELECT (SELECT count(*) FROM secret WHERE key_id = $1) + (SELECT count(*) FROM contract_text WHERE key_id = $1);

-- name: stale_secrets
-- The next rows that another key than the newest one sealed; those sealed anew are not found again.
SELECT account_id, kind, number, sealed FROM secret
WHERE account_id >= $2 AND key_id <> $1 ORDER BY account_id LIMIT $3;

-- name: reseal_secrets
-- Put newly sealed data in place of the old; what was erased or sealed anew meanwhile stays as it is.
UPDATE secret SET sealed = new.sealed, key_id = new.key_id
FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::bytea[], $5::bytea[], $6::bigint[])
    AS new (account_id, kind, number, was, sealed, key_id)
WHERE secret.account_id = new.account_id AND secret.kind = new.kind AND secret.number = new.number
    AND secret.sealed = new.was;

-- name: stale_texts
-- The next contract texts that another key than the newest one sealed.
SELECT account_id, 'contract_text' AS kind, agreement AS number, sealed FROM contract_text
WHERE account_id >= $2 AND key_id <> $1 ORDER BY account_id LIMIT $3;

-- name: reseal_texts
-- Put newly sealed texts in place of the old.
UPDATE contract_text SET sealed = new.sealed, key_id = new.key_id
FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::bytea[], $5::bytea[], $6::bigint[])
    AS new (account_id, kind, agreement, was, sealed, key_id)
WHERE contract_text.account_id = new.account_id AND contract_text.agreement = new.agreement
    AND contract_text.sealed = new.was;

-- name: due
-- Who waits to be erased, has no loan that is not over and no money here, and whose last event of a contract or of money
-- is so many days past. Kinds of events that say something of the file alone do not count.
SELECT file.account_id, file.erasure_asked_on, ended.ended_on, ended.ended_on + $2::integer AS erasable_on
FROM credit_file AS file
JOIN account USING (account_id)
CROSS JOIN book
CROSS JOIN LATERAL (
    SELECT max(effective_on) AS ended_on FROM event
    WHERE event.account_id = file.account_id AND event.kind <> ALL($1::smallint[])
) AS ended
WHERE file.erasure_asked_on IS NOT NULL AND ended.ended_on + $2::integer <= book.business_date
    AND account.unapplied = 0 AND account.deposit = 0
    AND NOT EXISTS (
        SELECT FROM loan
        WHERE loan_id BETWEEN file.account_id * 10000 + 1 AND file.account_id * 10000 + 9999
            AND status NOT IN ('closed', 'cancelled')
    )
ORDER BY file.erasure_asked_on, file.account_id
LIMIT $3;
