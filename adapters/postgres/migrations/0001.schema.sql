-- The book: append-only events and postings, snapshots of accounts and loans, request keys, shards and day closes.
-- Columns stand in order of alignment. Hot tables have no foreign keys, no triggers and as few indexes as can be.

CREATE TYPE rounding AS ENUM ('half_up', 'half_even', 'up', 'down');

-- Quotient in whole units; both arguments must not be negative.
CREATE FUNCTION divide(numerator numeric, denominator numeric, mode rounding) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN div(numerator, denominator) + CASE mode
        WHEN 'half_up' THEN (2 * mod(numerator, denominator) >= denominator)::integer
        WHEN 'half_even' THEN (2 * mod(numerator, denominator) + mod(div(numerator, denominator), 2) > denominator)::integer
        WHEN 'up' THEN (mod(numerator, denominator) > 0)::integer
        WHEN 'down' THEN 0
    END;

CREATE TABLE book (
    business_date date NOT NULL,
    opened_on date NOT NULL,
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one)
);

-- Who may write: a commit locks its shard's row and finds its own epoch there, or writes nothing.
CREATE TABLE shard (
    epoch bigint NOT NULL,
    shard integer PRIMARY KEY
) WITH (fillfactor = 50);

CREATE TABLE slot (
    shard integer NOT NULL,
    slot smallint PRIMARY KEY
);

-- txid lets the outlet follow in the order of commit.
CREATE TABLE event (
    account_id bigint NOT NULL,
    txid bigint NOT NULL DEFAULT txid_current(),
    seq integer NOT NULL,
    effective_on date NOT NULL,
    posted_on date NOT NULL,
    kind smallint NOT NULL,
    hash bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (account_id, seq)
);

CREATE INDEX event_txid ON event USING brin (txid) WITH (pages_per_range = 8, autosummarize = on);

-- Positive debits, negative credits; loan is the number within the account, 0 for none.
CREATE TABLE posting (
    account_id bigint NOT NULL,
    amount bigint NOT NULL,
    seq integer NOT NULL,
    gl integer NOT NULL,
    posted_on date NOT NULL,
    loan smallint NOT NULL
);

CREATE INDEX posting_posted_on ON posting USING brin (posted_on) WITH (autosummarize = on);

-- Running sums, one row for each shard so that shards never wait for each other; -1 is the book itself.
CREATE TABLE ledger_day (
    debit bigint NOT NULL,
    credit bigint NOT NULL,
    shard integer NOT NULL,
    posted_on date NOT NULL,
    gl integer NOT NULL,
    currency text NOT NULL,
    product text NOT NULL,
    PRIMARY KEY (shard, posted_on, currency, product, gl)
) WITH (fillfactor = 20);

CREATE TABLE request (
    key uuid PRIMARY KEY,
    account_id bigint NOT NULL,
    recorded_on date NOT NULL,
    fingerprint bytea NOT NULL,
    reply bytea NOT NULL
);

CREATE TABLE account (
    account_id bigint PRIMARY KEY,
    credit_limit bigint NOT NULL,
    unapplied bigint NOT NULL,
    deposit bigint NOT NULL,
    opened_on date NOT NULL,
    slot smallint NOT NULL,
    currency text NOT NULL,
    frozen text,
    suspended text
) WITH (fillfactor = 85);

-- Almost always empty: the day close asks it for every account that it visits.
CREATE INDEX account_suspended ON account (account_id) WHERE suspended IS NOT NULL;

-- What never changes stands first, so that an update logs only what follows it.
CREATE TABLE loan (
    loan_id bigint PRIMARY KEY,
    penalty_ppb bigint NOT NULL,
    penalty_denominator bigint NOT NULL,
    principal bigint NOT NULL,
    past_due bigint NOT NULL,
    interest_due bigint NOT NULL,
    fee_due bigint NOT NULL,
    penalty_due bigint NOT NULL,
    period_interest bigint NOT NULL,
    rounding rounding NOT NULL,
    oldest_due date,
    wake_on date,
    period_start date,
    period_end date,
    slot smallint NOT NULL,
    bucket smallint NOT NULL,
    currency text NOT NULL,
    product text NOT NULL,
    status text NOT NULL,
    penalty_base text,
    state bytea NOT NULL
) WITH (fillfactor = 75);

CREATE INDEX loan_wake ON loan (slot, wake_on) WHERE wake_on IS NOT NULL;

CREATE TABLE contract (
    loan_id bigint PRIMARY KEY,
    body bytea NOT NULL
);

CREATE TABLE day_close (
    accounts bigint NOT NULL DEFAULT 0,
    events bigint NOT NULL DEFAULT 0,
    cut_at timestamptz NOT NULL DEFAULT now(),
    accrued_at timestamptz,
    finished_at timestamptz,
    business_date date PRIMARY KEY
);

-- How far each reader of committed events has come.
CREATE TABLE outlet (
    txid bigint NOT NULL,
    account_id bigint NOT NULL,
    seq integer NOT NULL,
    name text PRIMARY KEY
);

-- Bodies are small and already packed: keep them in the row, uncompressed, until a row outgrows its page's share.
ALTER TABLE event ALTER COLUMN hash SET STORAGE EXTERNAL;
ALTER TABLE loan ALTER COLUMN state SET STORAGE EXTERNAL;
ALTER TABLE request ALTER COLUMN fingerprint SET STORAGE EXTERNAL, ALTER COLUMN reply SET STORAGE EXTERNAL;
