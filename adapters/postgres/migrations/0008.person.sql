-- One person, one account: whatever counts per customer counts per account.
-- depends: 0007.non-accrual

-- Who is whose borrower, by the keyed hash of the identity number. A row without sealed data is a claim of which nothing came.
CREATE TABLE person (
    account_id bigint NOT NULL,
    found_by text PRIMARY KEY
);

CREATE INDEX person_account ON person (account_id);

-- Whoever was identified on several accounts keeps them; no further one is added.
INSERT INTO person (account_id, found_by)
SELECT min(account_id), found_by FROM secret WHERE kind = 'person' AND found_by <> '' GROUP BY found_by;
