-- depends: 0003.origination

-- Where the money for payouts comes from. It is in the pool itself (free), or with shards (lease).
CREATE TABLE pool (
    free bigint NOT NULL DEFAULT 0 CHECK (free >= 0),
    daily_limit bigint NOT NULL CHECK (daily_limit >= 0),
    short boolean NOT NULL DEFAULT false,
    currency text NOT NULL,
    pool text PRIMARY KEY
) WITH (fillfactor = 20);

-- How much of a day's limit is with shards, on its way or spent.
CREATE TABLE pool_day (
    leased bigint NOT NULL CHECK (leased >= 0),
    day date NOT NULL,
    pool text NOT NULL,
    PRIMARY KEY (pool, day)
) WITH (fillfactor = 20);

-- What a shard holds of a pool on a day. A payout counts on the day of its reservation, whenever it is settled.
-- Slots move: what one shard reserved another may settle. So reserved and spent of one row may lie below zero, and only
-- their sums over shards count; what a shard may still spend is its own.
CREATE TABLE lease (
    remaining bigint NOT NULL DEFAULT 0 CHECK (remaining >= 0),
    reserved bigint NOT NULL DEFAULT 0,
    spent bigint NOT NULL DEFAULT 0,
    released bigint NOT NULL DEFAULT 0 CHECK (released >= 0),
    shard integer NOT NULL,
    day date NOT NULL,
    pool text NOT NULL,
    PRIMARY KEY (pool, shard, day)
) WITH (fillfactor = 20);

-- Almost always empty: money that waits for its way back.
CREATE INDEX lease_released ON lease (pool) WHERE released > 0;

-- What operators did to a pool, append-only; its amounts add up to what the pool's parts hold and spent.
CREATE TABLE pool_change (
    amount bigint NOT NULL,
    daily_limit bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    pool text NOT NULL,
    officer text NOT NULL
);
