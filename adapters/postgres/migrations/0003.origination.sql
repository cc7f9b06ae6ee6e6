-- depends: 0002.servicing

-- Everything that precedes a borrower's loans, as events built it up.
CREATE TABLE credit_file (
    account_id bigint PRIMARY KEY,
    body bytea NOT NULL
) WITH (fillfactor = 60);

ALTER TABLE credit_file ALTER COLUMN body SET STORAGE EXTERNAL;

-- Applications as the review queue and reports ask for them.
CREATE TABLE application (
    account_id bigint NOT NULL,
    amount bigint NOT NULL,
    number integer NOT NULL,
    version integer NOT NULL,
    installments integer NOT NULL,
    submitted_on date NOT NULL,
    expires_on date NOT NULL,
    decided_on date,
    claimed_until date,
    product text NOT NULL,
    status text NOT NULL,
    outcome text,
    claimed_by text,
    PRIMARY KEY (account_id, number)
) WITH (fillfactor = 85);

CREATE INDEX application_review ON application (submitted_on, account_id) WHERE status = 'referred';

-- Personal data: sealed, and found by keyed hash alone.
CREATE TABLE secret (
    account_id bigint NOT NULL,
    key_id bigint NOT NULL,
    number integer NOT NULL,
    kind text NOT NULL,
    found_by text NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (account_id, kind, number)
);

CREATE INDEX secret_found_by ON secret (found_by) WHERE found_by <> '';

-- The text of each contract that was offered, sealed; its digest stands in the account's events.
CREATE TABLE contract_text (
    account_id bigint NOT NULL,
    key_id bigint NOT NULL,
    agreement integer NOT NULL,
    digest text NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (account_id, agreement)
);

ALTER TABLE contract_text ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE INDEX contract_text_digest ON contract_text (digest);

-- Money that is to leave, each under one order number for good.
CREATE TABLE payout_order (
    account_id bigint NOT NULL,
    amount bigint NOT NULL,
    payout integer NOT NULL,
    bank_account integer NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    rounds integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    submitted_at timestamptz,
    order_number text PRIMARY KEY,
    currency text NOT NULL,
    bank text NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    told text NOT NULL DEFAULT '',
    reference text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT ''
) WITH (fillfactor = 70);

CREATE INDEX payout_order_ask ON payout_order (next_try_at)
    WHERE next_try_at < 'infinity' AND (state IN ('pending', 'sent') OR state = told);
CREATE INDEX payout_order_tell ON payout_order (next_try_at)
    WHERE next_try_at < 'infinity' AND state <> told AND state IN ('succeeded', 'failed', 'returned');
